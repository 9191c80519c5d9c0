#include "uplink/tally.h"

namespace sluice {

DispatcherCounts Tally::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

void Tally::answered(const Answer& answer, std::uint64_t sent_bytes, const Quota& quota) {
  const MutexLock lock(mutex_);
  ++counts_.answers.at(static_cast<std::size_t>(answer.verdict));
  counts_.sent_bytes += sent_bytes;
  counts_.sent_today = quota.today();
  counts_.sent_this_month = quota.this_month();
  if (answer.verdict == Verdict::Confirmed) {
    counts_.last_error.clear();
  } else {
    ++counts_.retries;
    counts_.last_error = answer.detail;
  }
}

void Tally::confirmed(const Shipment& shipment) {
  const MutexLock lock(mutex_);
  ++counts_.blocks;
  counts_.records += shipment.block->count;
  counts_.bytes += shipment.block->data.size();
  counts_.backfill_records += shipment.backfill ? shipment.block->count : 0;
}

void Tally::split() {
  const MutexLock lock(mutex_);
  ++counts_.splits;
}

void Tally::buried(bool too_large) {
  const MutexLock lock(mutex_);
  ++(too_large ? counts_.buried_too_large : counts_.buried_refused);
}

void Tally::breaker(BreakerState state) {
  const MutexLock lock(mutex_);
  counts_.breaker = state;
}

void Tally::waits(Hold why, Timestamp until) {
  const MutexLock lock(mutex_);
  counts_.waiting_for = why;
  counts_.next_attempt = until;
}

void Tally::does_not_wait() {
  const MutexLock lock(mutex_);
  counts_.waiting_for = Hold::None;
  counts_.next_attempt.reset();
}

void Tally::flows(std::uint64_t with_backlog, std::uint64_t refused) {
  const MutexLock lock(mutex_);
  counts_.flows_with_backlog = with_backlog;
  counts_.flows_refused = refused;
}

}  // namespace sluice
