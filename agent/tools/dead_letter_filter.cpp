#include "tools/dead_letter_filter.h"

#include "tools/parameters.h"

#include <chrono>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kLettersInAStep = 64;

// What died before any sink saw it is listed, and asked for, under a dash.
std::string_view sink_of(const DeadEntry& entry) {
  return entry.sink.empty() ? "-" : std::string_view(entry.sink);
}

}  // namespace

bool DeadFilter::takes(const DeadEntry& entry) const {
  return (!flow || entry.flow == *flow) && (!sink || sink_of(entry) == *sink) &&
         (!reason || entry.why.reason == *reason) && (!since || entry.at >= *since) &&
         (!id || entry.id == *id);
}

Result<DeadFilter> dead_filter_of(const AdminRequest& request) {
  const auto since = number_in(request, "since");
  const auto id = number_in(request, "id");
  if (!since) {
    return since.error();
  }
  if (!id) {
    return id.error();
  }
  DeadFilter filter{.flow = text_in(request, "flow"),
                    .sink = text_in(request, "sink"),
                    .reason = text_in(request, "reason"),
                    .since = {},
                    .id = {}};
  if (since->has_value()) {
    filter.since = Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(**since)));
  }
  if (id->has_value()) {
    filter.id = DeadId(static_cast<std::int64_t>(**id));
  }
  return filter;
}

// What dies while the work goes on is left alone: a letter that is sent once more and refused again
// would be sent for ever.
Result<std::vector<DeadEntry>> DeadWalk::next(Inspection& file) {
  if (!last_) {
    const Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    last_ = outline->last_dead;
    epoch_ = outline->epoch;
  }
  Result<std::vector<DeadEntry>> entries = file.dead(reached_, kLettersInAStep);
  if (!entries) {
    return entries;
  }
  done_ = entries->size() < kLettersInAStep;
  std::vector<DeadEntry> taken;
  for (DeadEntry& entry : *entries) {
    reached_ = entry.id;
    if (entry.id > *last_) {
      done_ = true;
      break;
    }
    if (filter_.takes(entry)) {
      taken.push_back(std::move(entry));
    }
  }
  return taken;
}

}  // namespace sluice
