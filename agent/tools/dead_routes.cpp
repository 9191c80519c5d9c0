#include "tools/dead_routes.h"

#include "admin/json_writer.h"
#include "tools/dead_letter_filter.h"
#include "tools/dead_work.h"
#include "tools/frames.h"
#include "tools/steps.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {

namespace {

std::string line_of(const DeadEntry& entry) {
  JsonWriter json;
  json.begin_object().field("id", static_cast<std::int64_t>(entry.id)).field("flow", entry.flow);
  json.key("sink");
  if (entry.sink.empty()) {
    json.null();  // it died before any sink saw it
  } else {
    json.value(entry.sink);
  }
  json.field("first_seq", number(entry.first));
  json.field("records", entry.records).field("bytes", entry.bytes);
  json.field("at_ms", entry.at.time_since_epoch().count()).field("reason", entry.why.reason);
  json.field("detail", entry.why.detail).end_object();
  return json.text() + '\n';
}

AdminResponse list_answer(InspectableBuffer& buffer, DeadFilter filter) {
  const auto step = [walk = DeadWalk(std::move(filter))](Inspection& file) mutable -> AdminChunk {
    if (walk.done()) {
      return std::optional<std::string>();
    }
    const auto letters = walk.next(file);
    if (!letters) {
      return letters.error();
    }
    std::string lines;
    for (const DeadEntry& entry : *letters) {
      lines += line_of(entry);
    }
    return std::optional(std::move(lines));
  };
  return answer_in_steps(buffer, kNdjson, step);
}

// One letter in a step.
class DeadExport {
 public:
  explicit DeadExport(DeadFilter filter) : walk_(std::move(filter)) {}

  AdminChunk step(Inspection& file) {
    if (waiting_.empty()) {
      return fetch(file);
    }
    const DeadEntry entry = std::move(waiting_.front());
    waiting_.pop_front();
    const Result<BlockPtr> block = file.dead_block(entry.id);
    if (!block) {
      return block.error();
    }
    const FrameNote note{.epoch = walk_.epoch(),
                         .flow = entry.flow,
                         .first = entry.first,
                         .last = entry.last,
                         .records = entry.records,
                         .damaged = *block == nullptr};
    if (note.damaged) {
      return std::optional(noted(note));
    }
    Result<std::string> bytes = framed(**block, note);
    return bytes ? AdminChunk(std::optional(*std::move(bytes))) : bytes.error();
  }

 private:
  AdminChunk fetch(Inspection& file) {
    if (walk_.done()) {
      return std::optional<std::string>();
    }
    auto letters = walk_.next(file);
    if (!letters) {
      return letters.error();
    }
    for (DeadEntry& entry : *letters) {
      waiting_.push_back(std::move(entry));
    }
    return std::optional(std::string());
  }

  DeadWalk walk_;
  std::deque<DeadEntry> waiting_;
};

// Makes an answer for the letters that the request is about.
template <class Make>
AdminHandler with_filter(Make make) {
  return [make](const AdminRequest& request) {
    Result<DeadFilter> filter = dead_filter_of(request);
    return filter ? make(*std::move(filter)) : admin_error(filter.error());
  };
}

}  // namespace

void add_dead_routes(AdminRoutes& routes, InspectableBuffer& buffer) {
  routes.add(
      AdminMethod::Get, "/dead", AdminAccess::Data,
      with_filter([&buffer](DeadFilter filter) { return list_answer(buffer, std::move(filter)); }));
  routes.add(AdminMethod::Get, "/dead/export", AdminAccess::Data,
             with_filter([&buffer](DeadFilter filter) {
               return answer_in_steps(buffer, "application/zstd",
                                      [work = DeadExport(std::move(filter))](
                                          Inspection& file) mutable { return work.step(file); });
             }));
}

void add_dead_changes(AdminRoutes& routes, SqliteBuffer& buffer, InputRetry* retry) {
  routes.add(AdminMethod::Post, "/dead/retry", AdminAccess::Data,
             with_filter([&buffer, retry](DeadFilter filter) {
               return AdminResponse{.body = retry_dead_letters(buffer, std::move(filter), retry)};
             }));
  routes.add(AdminMethod::Delete, "/dead", AdminAccess::Data,
             with_filter([&buffer](DeadFilter filter) {
               return AdminResponse{.body = drop_dead_letters(buffer, std::move(filter))};
             }));
}

}  // namespace sluice
