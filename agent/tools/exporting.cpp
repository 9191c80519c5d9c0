#include "tools/exporting.h"

#include "tools/frames.h"
#include "tools/parameters.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kRowsInAStep = 256;

struct ExportOrder {
  std::optional<std::string> flow;
  Sequence from{};   // blocks that hold anything from here
  Sequence to{};     // to here
  Sequence after{};  // and begin behind this
};

class Export {
 public:
  explicit Export(ExportOrder order) : order_(std::move(order)), reached_(order_.after) {}

  AdminChunk step(Inspection& file) {
    if (!outline_) {
      return begin(file);
    }
    if (skipping_) {
      return skip(file);
    }
    Result<std::optional<InspectedBlock>> next = file.block(flow_, reached_);
    if (!next) {
      return next.error();
    }
    if (!next->has_value() || (*next)->outline.first > order_.to) {
      return std::optional<std::string>();
    }
    const InspectedBlock& found = **next;
    reached_ = found.outline.first;
    if (found.outline.last < order_.from) {
      return std::optional(std::string());
    }
    return piece(found);
  }

 private:
  // What comes later is not waited for: an export of a busy buffer would never end.
  AdminChunk begin(Inspection& file) {
    Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    const Result<std::optional<StoredFlow>> flow = flow_named(*outline, order_.flow);
    if (!flow) {
      return flow.error();
    }
    flow_ = *flow;
    outline_ = *std::move(outline);
    order_.to = std::min(order_.to, outline_->last);
    skipping_ = order_.from > Sequence(1);
    return std::optional(std::string());
  }

  // Blocks before the first one wanted are passed over without reading them.
  AdminChunk skip(Inspection& file) {
    const auto rows = file.blocks(flow_, reached_, kRowsInAStep);
    if (!rows) {
      return rows.error();
    }
    for (const BlockOutline& row : *rows) {
      if (row.last >= order_.from) {
        skipping_ = false;
        break;
      }
      reached_ = row.first;
    }
    skipping_ = skipping_ && rows->size() == kRowsInAStep;
    return std::optional(std::string());
  }

  AdminChunk piece(const InspectedBlock& found) {
    const auto flow = std::ranges::find(outline_->flows, found.outline.flow, &FlowOutline::id);
    const FrameNote note{.epoch = outline_->epoch,
                         .flow = flow != outline_->flows.end() ? flow->name : std::string(),
                         .first = found.outline.first,
                         .last = found.outline.last,
                         .records = found.outline.records,
                         .damaged = found.block == nullptr};
    if (found.block == nullptr) {
      return std::optional(noted(note));
    }
    Result<std::string> bytes = framed(*found.block, note);
    return bytes ? AdminChunk(std::optional(*std::move(bytes))) : bytes.error();
  }

  ExportOrder order_;
  Sequence reached_;
  std::optional<StoredFlow> flow_;
  std::optional<BufferOutline> outline_;
  bool skipping_ = false;
};

}  // namespace

AdminResponse export_answer(InspectableBuffer& buffer, const AdminRequest& request) {
  const auto from = number_in(request, "from");
  const auto to = number_in(request, "to");
  const auto after = number_in(request, "after");
  for (const auto* each : {&from, &to, &after}) {
    if (!*each) {
      return admin_error(each->error());
    }
  }
  ExportOrder order{
      .flow = text_in(request, "flow"),
      .from = Sequence(from->value_or(0)),
      .to = Sequence(to->value_or(std::numeric_limits<std::int64_t>::max())),
      .after = Sequence(after->value_or(0)),
  };
  return answer_in_steps(
      buffer, "application/zstd",
      [work = Export(std::move(order))](Inspection& file) mutable { return work.step(file); });
}

}  // namespace sluice
