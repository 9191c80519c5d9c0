#include "tools/purging.h"

#include "admin/json_writer.h"
#include "tools/parameters.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kRowsInAStep = 256;

Result<PurgeOrder> order_of(const AdminRequest& request) {
  const auto before = number_in(request, "before");
  if (!before) {
    return before.error();
  }
  PurgeOrder order{
      .flow = text_in(request, "flow"), .sink = text_in(request, "sink"), .before = {}};
  if (before->has_value()) {
    order.before = Timestamp(std::chrono::milliseconds(static_cast<std::int64_t>(**before)));
  }
  return order;
}

const SinkOutline* sink_of(const FlowOutline& flow, const std::string& name) {
  const auto found = std::ranges::find(flow.sinks, name, &SinkOutline::name);
  return found != flow.sinks.end() ? &*found : nullptr;
}

bool has(const SinkOutline& sink, const BlockOutline& block) {
  return block.last <= sink.confirmed ||
         std::ranges::any_of(sink.ranges, [&](const std::pair<Sequence, Sequence>& range) {
           return range.first < block.first && block.last <= range.second;
         });
}

// Goes through the flows that the order is about, one after the other.
class Purge {
 public:
  Purge(PurgeOrder order, bool for_real) : order_(std::move(order)), for_real_(for_real) {}

  AdminChunk step(Inspection& file) {
    if (done_) {
      return std::optional<std::string>();
    }
    if (!outline_) {
      return begin(file);
    }
    if (flows_.empty()) {
      done_ = true;
      return std::optional(text());
    }
    const Status worked = for_real_ ? purge(file) : preview(file);
    return worked ? AdminChunk(std::optional(std::string())) : worked.error();
  }

 private:
  AdminChunk begin(Inspection& file) {
    Result<BufferOutline> outline = file.outline();
    if (!outline) {
      return outline.error();
    }
    const auto flow = flow_named(*outline, order_.flow);
    if (!flow) {
      return flow.error();
    }
    outline_ = *std::move(outline);
    for (const FlowOutline& each : outline_->flows) {
      const bool wanted = !flow->has_value() || each.id == **flow;
      if (wanted && (!order_.sink || sink_of(each, *order_.sink) != nullptr)) {
        flows_.push_back(&each);
      }
    }
    if (flows_.empty() && order_.sink) {
      return Error{Reaction::Reject, "no flow delivers to a sink " + *order_.sink};
    }
    // So that an error of the first step still becomes the status of the answer.
    return step(file);
  }

  Status purge(Inspection& file) {
    PurgeOrder order = order_;
    order.flow = flows_.front()->name;
    const Result<PurgeStep> step = file.purge(order, reached_, outline_->last);
    if (!step) {
      return step.error();
    }
    blocks_ += step->blocks;
    records_ += step->records;
    bytes_ += step->bytes;
    go_on(step->reached, step->done);
    return {};
  }

  Status preview(Inspection& file) {
    const FlowOutline& flow = *flows_.front();
    const auto rows = file.blocks(flow.id, reached_, kRowsInAStep);
    if (!rows) {
      return rows.error();
    }
    const SinkOutline* sink = order_.sink ? sink_of(flow, *order_.sink) : nullptr;
    for (const BlockOutline& row : *rows) {
      const bool wanted = !order_.before || row.max_time < *order_.before;
      if (wanted && (sink == nullptr || !has(*sink, row))) {
        blocks_ += 1;
        records_ += row.records;
        bytes_ += row.bytes;
      }
    }
    const bool done = rows->size() < kRowsInAStep;
    go_on(done ? Sequence(0) : rows->back().first, done);
    return {};
  }

  void go_on(Sequence reached, bool done) {
    reached_ = done ? Sequence(0) : reached;
    if (done) {
      flows_.pop_front();
    }
  }

  [[nodiscard]] std::string text() const {
    JsonWriter json;
    json.begin_object().field("purged", for_real_).field("blocks", blocks_);
    json.field("records", records_).field("bytes", bytes_).end_object();
    return json.text() + '\n';
  }

  PurgeOrder order_;
  bool for_real_;
  std::optional<BufferOutline> outline_;
  std::deque<const FlowOutline*> flows_;  // into the outline
  Sequence reached_{};
  std::uint64_t blocks_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
  bool done_ = false;
};

AdminResponse answer(InspectableBuffer& buffer, const AdminRequest& request, bool for_real) {
  Result<PurgeOrder> order = order_of(request);
  if (!order) {
    return admin_error(order.error());
  }
  // Shared, because a step that is copied would point into the outline of another.
  auto work = std::make_shared<Purge>(*std::move(order), for_real);
  return answer_in_steps(buffer, kJson, [work](Inspection& file) { return work->step(file); });
}

}  // namespace

AdminResponse purge_preview_answer(InspectableBuffer& buffer, const AdminRequest& request) {
  return answer(buffer, request, false);
}

AdminResponse purge_answer(InspectableBuffer& buffer, const AdminRequest& request) {
  return answer(buffer, request, true);
}

}  // namespace sluice
