// The part of the store thread that lets tools look into the buffer, and give up what is in it.
#include "buffers/file_inspection.h"
#include "buffers/store_loop.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

// Few enough for a transaction that nobody notices.
constexpr std::size_t kMostPurged = 128;

FlowId id_of(StoredFlow flow) {
  return FlowId(static_cast<std::int64_t>(flow));
}

// True if every other sink has the block.
bool is_last_to_need(const FlowState& flow, const SinkState& sink, const BlockOutline& block) {
  return std::ranges::all_of(flow.sinks, [&](const SinkState& other) {
    return &other == &sink || other.confirmed.covers(block.first, block.last);
  });
}

}  // namespace

// What one step of a purge changes.
struct StoreLoop::Removal {
  [[nodiscard]] Status write(StoreFile& file) const;

  std::vector<BlockOutline> blocks;  // to be removed
  FlowState* flow = nullptr;         // with a sink: what that has now
  SinkState* sink = nullptr;
  Confirmed confirmed;
};

Status StoreLoop::Removal::write(StoreFile& file) const {
  if (sink != nullptr) {
    if (Status saved = file.catalogue.set_confirmed(flow->id, sink->name, confirmed); !saved) {
      return saved;
    }
  }
  for (const BlockOutline& each : blocks) {
    if (Status removed = file.blocks.remove(each.first); !removed) {
      return removed;
    }
    if (Status forgotten = file.dead.remove_hollow(id_of(each.flow), each.first); !forgotten) {
      return forgotten;
    }
    if (Status counted =
            file.catalogue.add_ledger(id_of(each.flow), "dropped_purged", each.records);
        !counted) {
      return counted;
    }
    if (Status counted = file.held.change(id_of(each.flow), {1, each.records, each.bytes}, {});
        !counted) {
      return counted;
    }
  }
  return {};
}

class StoreLoop::Look final : public FileInspection {
 public:
  explicit Look(StoreLoop& loop) : FileInspection(*loop.file_, loop.options_.routes), loop_(loop) {}

  Result<PurgeStep> purge(const PurgeOrder& order, Sequence after, Sequence through) override {
    const Result<std::optional<StoredFlow>> flow = flow_of(order);
    if (!flow) {
      return flow.error();
    }
    Removal removal;
    if (Status found = find_sink(order, removal); !found) {
      return found.error();
    }
    const Result<std::vector<BlockOutline>> next = blocks(*flow, after, kMostPurged);
    if (!next) {
      return next.error();
    }
    PurgeStep step{.done = next->size() < kMostPurged};
    for (const BlockOutline& each : *next) {
      if (each.first > through) {
        step.done = true;
        break;
      }
      step.reached = each.first;
      if (order.before && each.max_time >= *order.before) {
        continue;
      }
      if (Status added = add(each, removal, step); !added) {
        return added.error();
      }
    }
    Status applied = loop_.apply(removal);
    return applied ? Result<PurgeStep>(step) : applied.error();
  }

 private:
  Result<std::optional<StoredFlow>> flow_of(const PurgeOrder& order) {
    if (!order.flow) {
      return std::optional<StoredFlow>();
    }
    const Result<std::map<std::string, FlowId>> flows = loop_.file_->catalogue.flows();
    if (!flows) {
      return flows.error();
    }
    const auto found = flows->find(*order.flow);
    if (found == flows->end()) {
      return Error{Reaction::Reject, "the buffer knows no flow " + *order.flow};
    }
    return std::optional(StoredFlow(static_cast<std::int64_t>(found->second)));
  }

  Status find_sink(const PurgeOrder& order, Removal& removal) {
    if (!order.sink) {
      return {};
    }
    std::vector<FlowState>& flows = loop_.pending_.flows;
    const auto flow = std::ranges::find(flows, order.flow.value_or(""), &FlowState::name);
    if (flow == flows.end()) {
      return Error{Reaction::Reject,
                   "for a single sink, name a flow that is configured, and the configuration"};
    }
    const auto sink = std::ranges::find(flow->sinks, *order.sink, &SinkState::name);
    if (sink == flow->sinks.end()) {
      return Error{Reaction::Reject,
                   "flow " + flow->name + " does not deliver to a sink " + *order.sink};
    }
    removal.flow = &*flow;
    removal.sink = &*sink;
    removal.confirmed = sink->confirmed;
    return {};
  }

  Status add(const BlockOutline& block, Removal& removal, PurgeStep& step) {
    if (removal.sink != nullptr) {
      if (removal.confirmed.covers(block.first, block.last)) {
        return {};
      }
      const Result<Sequence> from = end_before(block, removal);
      if (!from) {
        return from.error();
      }
      removal.confirmed.add(*from, block.last);
    }
    step.blocks += 1;
    step.records += block.records;
    if (removal.sink == nullptr || is_last_to_need(*removal.flow, *removal.sink, block)) {
      removal.blocks.push_back(block);
      step.bytes += block.bytes;
    }
    return {};
  }

  // A range of the sink that ends before the block and has no other block behind it goes on: one
  // range for each block would be many.
  Result<Sequence> end_before(const BlockOutline& block, const Removal& removal) {
    Sequence end{};
    for (const SequenceRange& range : removal.confirmed.ranges()) {
      if (range.last < block.first) {
        end = range.last;
      }
    }
    const Result<std::vector<BlockOutline>> behind = blocks(block.flow, end, 1);
    if (!behind) {
      return behind.error();
    }
    const bool adjacent = !behind->empty() && behind->front().first == block.first;
    return adjacent ? end : Sequence(number(block.first) - 1);
  }

  StoreLoop& loop_;
};

// One in a round: what is due comes first.
void StoreLoop::inspect_next() {
  if (steps_.empty()) {
    return;
  }
  const InspectionStep step = std::move(steps_.front());
  steps_.pop_front();
  inspect(step);
}

void StoreLoop::inspect(const InspectionStep& step) {
  if (!file_) {
    step(Error{Reaction::Retry, "the buffer cannot be read at the moment: " + trouble()});
    return;
  }
  Look look(*this);
  step(&look);
}

Status StoreLoop::change(const std::function<Status(StoreFile&)>& write) {
  if (unsure_) {
    return Error{Reaction::Retry, "the disk refuses: " + trouble()};
  }
  if (Status secured = secure(); !secured) {
    return secured;
  }
  sqlite::Transaction transaction(file_->connection);
  if (Status begun = transaction.begin(); !begun) {
    return begun;
  }
  if (Status written = write(*file_); !written) {
    return written;
  }
  if (Status counted = file_->catalogue.set_meta(pending_.last, ticks_ + 1); !counted) {
    return counted;
  }
  if (Status committed = transaction.commit(); !committed) {
    unsure_ = true;  // it may have taken place
    return committed;
  }
  ++ticks_;
  return {};
}

Status StoreLoop::apply(const Removal& removal) {
  if (removal.blocks.empty() && removal.sink == nullptr) {
    return {};
  }
  const auto write = [&removal](StoreFile& file) { return removal.write(file); };
  Status changed = change(write);
  if (!changed && changed.error().reaction == Reaction::Full) {
    ballast_.release();  // this is what its space is kept for
    make_room();
    changed = change(write);
  }
  if (!changed) {
    return changed;
  }
  note(removal);
  return {};
}

void StoreLoop::note(const Removal& removal) {
  if (removal.sink != nullptr) {
    removal.sink->confirmed = removal.confirmed;
  }
  for (const BlockOutline& each : removal.blocks) {
    const Usage removed{1, each.records, each.bytes};
    pending_.held -= removed;
    pending_.damaged.erase(each.first);
    pending_.others.erase(id_of(each.flow));  // then the file says nothing of it
    const auto flow = std::ranges::find(pending_.flows, id_of(each.flow), &FlowState::id);
    if (flow != pending_.flows.end()) {
      flow->stored.usage -= removed;
      flow->ledger["dropped_purged"] += each.records;
    }
  }
  measure(false);
  publish_ledgers();
}

}  // namespace sluice
