#include "tools/exporting.h"

#include "tools/frames.h"
#include "tools/parameters.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {

namespace {

// Goes through one flow. What comes later is not waited for: an export of a busy buffer would never
// end. What has been put together or cut in two meanwhile is neither left out nor given twice.
class Export {
 public:
  Export(std::optional<std::string> flow, Sequence from, Sequence to)
      : flow_(std::move(flow)), seen_(from), to_(to) {
    if (from > Sequence(0)) {
      seen_ = Sequence(number(from) - 1);
      reached_ = seen_;
    }
  }

  AdminChunk step(Inspection& file) {
    if (!outline_) {
      return begin(file);
    }
    Result<std::optional<InspectedBlock>> next = file.block(id_, reached_, seen_);
    if (!next) {
      return next.error();
    }
    if (!next->has_value() || (*next)->outline.first > to_) {
      return std::optional<std::string>();
    }
    const InspectedBlock& found = **next;
    AdminChunk bytes = piece(found);
    reached_ = std::max(reached_, found.outline.first);
    seen_ = std::max(seen_, found.outline.last);
    return bytes;
  }

 private:
  AdminChunk begin(Inspection& file) {
    Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    const Result<std::optional<StoredFlow>> flow = flow_named(*outline, flow_);
    if (!flow) {
      return flow.error();
    }
    id_ = flow->value_or(StoredFlow(0));
    to_ = std::min(to_, outline->last);
    outline_ = *std::move(outline);
    return std::optional(std::string());
  }

  AdminChunk piece(const InspectedBlock& found) {
    FrameNote note{.epoch = outline_->epoch,
                   .flow = *flow_,
                   .first = found.outline.first,
                   .last = found.outline.last,
                   .records = found.outline.records,
                   .damaged = found.block == nullptr};
    if (found.block == nullptr) {
      return std::optional(noted(note));
    }
    if (found.outline.first > seen_) {
      return as_chunk(framed(*found.block, note));
    }
    Result<Block> rest = cut(*found.block, seen_, note);
    if (!rest) {
      return rest.error();
    }
    return note.records > 0 ? as_chunk(framed(*rest, note)) : std::optional(std::string());
  }

  static AdminChunk as_chunk(Result<std::string> bytes) {
    return bytes ? AdminChunk(std::optional(*std::move(bytes))) : bytes.error();
  }

  std::optional<std::string> flow_;
  StoredFlow id_{};
  Sequence reached_{};  // blocks that begin up to here have been given out
  Sequence seen_{};     // records up to here
  Sequence to_;
  std::optional<BufferOutline> outline_;
};

}  // namespace

AdminResponse export_answer(InspectableBuffer& buffer, const AdminRequest& request) {
  const auto from = number_in(request, "from");
  const auto to = number_in(request, "to");
  for (const auto* each : {&from, &to}) {
    if (!*each) {
      return admin_error(each->error());
    }
  }
  if (request.find("flow") == nullptr) {
    return admin_error(400, "name a flow");
  }
  Export work(text_in(request, "flow"), Sequence(from->value_or(0)),
              Sequence(to->value_or(std::numeric_limits<std::int64_t>::max())));
  return answer_in_steps(
      buffer, "application/zstd",
      [work = std::move(work)](Inspection& file) mutable { return work.step(file); });
}

}  // namespace sluice
