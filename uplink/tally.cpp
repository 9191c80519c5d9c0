#include "uplink/tally.h"

#include <algorithm>
#include <chrono>

namespace sluice {

Tally::Tally(const std::vector<DispatcherFeed>& feeds) : busy_since_(feeds.size()) {
  for (const DispatcherFeed& feed : feeds) {
    counts_.feeds.push_back({.flow = feed.flow});
  }
}

DispatcherCounts Tally::counts(Instant now) const {
  const MutexLock lock(mutex_);
  DispatcherCounts counts = counts_;
  for (std::size_t i = 0; i < busy_since_.size(); ++i) {
    if (busy_since_[i]) {
      counts.feeds[i].busy += std::max(now, *busy_since_[i]) - *busy_since_[i];
    }
  }
  return counts;
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

void Tally::confirmed(std::size_t feed, const Shipment& shipment, Timestamp now) {
  const Block& block = *shipment.block;
  const Timestamp arrived = block.min_time + (block.max_time - block.min_time) / 2;
  // The wall clock may have been set back since.
  const std::chrono::duration<double> took = std::max(now, arrived) - arrived;
  const MutexLock lock(mutex_);
  ++counts_.blocks;
  counts_.records += block.count;
  counts_.bytes += block.data.size();
  counts_.backfill_records += shipment.backfill ? block.count : 0;
  FeedCounts& own = counts_.feeds[feed];
  ++own.blocks;
  own.records += block.count;
  own.bytes += block.data.size();
  own.seconds_to_confirm.add(took.count(), block.count);
}

void Tally::split() {
  const MutexLock lock(mutex_);
  ++counts_.splits;
}

void Tally::buried(std::size_t feed, bool too_large) {
  const MutexLock lock(mutex_);
  ++counts_.feeds[feed].buried;
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

void Tally::busy(std::size_t feed, Instant since, Timestamp oldest) {
  const MutexLock lock(mutex_);
  counts_.feeds[feed].oldest = oldest;
  if (!busy_since_[feed]) {
    busy_since_[feed] = since;
  }
}

bool Tally::idle(std::size_t feed, Instant now) {
  const MutexLock lock(mutex_);
  std::optional<Instant>& since = busy_since_[feed];
  if (!since) {
    return false;
  }
  counts_.feeds[feed].busy += now - *since;
  counts_.feeds[feed].oldest.reset();
  since.reset();
  return true;
}

}  // namespace sluice
