#include "commands/ledger_watch.h"

#include <utility>

namespace sluice {

namespace {

std::uint64_t stored(const Ledger& ledger) {
  const auto found = ledger.find("stored");
  return found != ledger.end() ? found->second : 0;
}

// More can be in the file than has arrived only if something is counted twice.
std::int64_t stored_too_much(const FlowStatus& flow, std::uint64_t at_start) {
  const std::uint64_t expected = at_start + flow.counts.records;
  const std::uint64_t is = stored(flow.ledger);
  return is > expected ? static_cast<std::int64_t>(expected - is) : 0;
}

}  // namespace

void LedgerWatch::look(Instant now, const AgentStatus& status) {
  bool due = false;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, flow] : status.flows) {
      stored_at_start_.try_emplace(name, stored(flow.ledger));
    }
    due = !looked_ || now - *looked_ >= kInterval;
    looked_ = due ? now : looked_;
  }
  if (due) {
    look_at_file();
  }
}

// All figures come from one step, between two commits, so they belong together. While the file
// cannot be read the last findings stand: that it cannot is told elsewhere.
void LedgerWatch::look_at_file() {
  buffer_.inspect([findings = findings_](const Result<Inspection*>& file) {
    if (!file) {
      return;
    }
    const Result<BufferOutline> outline = (*file)->outline();
    if (!outline) {
      return;
    }
    std::map<std::string, std::int64_t, std::less<>> imbalances;
    for (const FlowOutline& flow : outline->flows) {
      if (flow.held) {
        imbalances[flow.name] = imbalance_of(flow.ledger, flow.held->records);
      }
    }
    const MutexLock lock(findings->mutex);
    findings->imbalances = std::move(imbalances);
  });
}

void LedgerWatch::tell(AgentStatus& status) const {
  std::map<std::string, std::int64_t, std::less<>> in_file;
  {
    const MutexLock lock(findings_->mutex);
    in_file = findings_->imbalances;
  }
  const MutexLock lock(mutex_);
  for (auto& [name, flow] : status.flows) {
    flow.imbalance = flow.room.imbalance;
    if (const auto found = in_file.find(name); flow.imbalance == 0 && found != in_file.end()) {
      flow.imbalance = found->second;
    }
    if (const auto start = stored_at_start_.find(name);
        flow.imbalance == 0 && start != stored_at_start_.end()) {
      flow.imbalance = stored_too_much(flow, start->second);
    }
  }
}

}  // namespace sluice
