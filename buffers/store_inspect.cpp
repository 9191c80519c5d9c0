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

// What one step of a purge is about to remove.
struct Removal {
  PurgeStep step;
  std::vector<BlockOutline> blocks;
};

}  // namespace

class StoreLoop::Look final : public FileInspection {
 public:
  explicit Look(StoreLoop& loop) : FileInspection(*loop.file_, &loop.pending_), loop_(loop) {}

  Result<PurgeStep> purge(const PurgeOrder& order, Sequence after, Sequence through) override {
    Result<std::optional<StoredFlow>> flow = flow_of(order);
    if (!flow) {
      return flow.error();
    }
    Result<std::vector<BlockOutline>> next = blocks(*flow, after, kMostPurged);
    if (!next) {
      return next.error();
    }
    Removal removal{.step = {.done = next->size() < kMostPurged}, .blocks = {}};
    for (const BlockOutline& each : *next) {
      if (each.first > through) {
        removal.step.done = true;
        break;
      }
      removal.step.reached = each.first;
      if (!order.before || each.max_time < *order.before) {
        removal.blocks.push_back(each);
      }
    }
    Status removed = loop_.remove(removal.blocks, removal.step);
    return removed ? Result<PurgeStep>(removal.step) : removed.error();
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

  StoreLoop& loop_;
};

// One in a round: what is due comes first.
void StoreLoop::look() {
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

Status StoreLoop::remove(const std::vector<BlockOutline>& blocks, PurgeStep& done) {
  if (blocks.empty()) {
    return {};
  }
  const auto write = [&blocks](StoreFile& file) -> Status {
    for (const BlockOutline& each : blocks) {
      if (Status removed = file.blocks.remove(each.first); !removed) {
        return removed;
      }
      const auto flow = FlowId(static_cast<std::int64_t>(each.flow));
      if (Status counted = file.catalogue.add_ledger(flow, "dropped_purged", each.records);
          !counted) {
        return counted;
      }
    }
    return {};
  };
  Status changed = change(write);
  if (!changed && changed.error().reaction == Reaction::Full) {
    ballast_.release();  // what the space is kept for
    make_room();
    changed = change(write);
  }
  if (!changed) {
    return changed;
  }
  for (const BlockOutline& each : blocks) {
    const Usage removed{1, each.records, each.bytes};
    pending_.held -= removed;
    const auto id = FlowId(static_cast<std::int64_t>(each.flow));
    const auto flow = std::ranges::find(pending_.flows, id, &FlowState::id);
    if (flow != pending_.flows.end()) {
      flow->stored.usage -= removed;
    }
    pending_.damaged.erase(each.first);
    done.blocks += 1;
    done.records += each.records;
    done.bytes += each.bytes;
  }
  measure(false);
  return {};
}

}  // namespace sluice
