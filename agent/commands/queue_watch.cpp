#include "commands/queue_watch.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace sluice {

namespace {

std::uint64_t saturating_minus(std::uint64_t from, std::uint64_t less) {
  return from - std::min(from, less);
}

std::uint64_t records(const Ledger& ledger, std::string_view what) {
  const auto found = ledger.find(what);
  return found != ledger.end() ? found->second : 0;
}

// In the file, by the balance that every ledger keeps.
std::uint64_t held_by(const Ledger& ledger) {
  const Balance sums = balance_of(ledger);
  return saturating_minus(sums.in, sums.out);
}

ServiceReading service_of(const FeedCounts& feed) {
  return {.served = feed.records + feed.buried,
          .busy = feed.busy,
          .timed = feed.seconds_to_confirm.count(),
          .seconds = feed.seconds_to_confirm.sum()};
}

QueueReading reading_of(const FlowStatus& flow, const BufferCounts& buffer,
                        std::uint64_t stored_at_start) {
  const std::uint64_t stored_since =
      saturating_minus(records(flow.ledger, "stored"), stored_at_start);
  const std::uint64_t in_memory = saturating_minus(flow.counts.records, stored_since);
  QueueReading reading{
      .arrived = flow.counts.records,
      .held = held_by(flow.ledger) + in_memory,
      .stored_records = flow.room.held_records,
      .stored_bytes = flow.room.held_bytes,
      .free_bytes = std::min(saturating_minus(flow.room.max_bytes, flow.room.held_bytes),
                             saturating_minus(buffer.file_max_bytes, buffer.file_bytes)),
      .services = {}};
  for (const auto& [sink, feed] : flow.feeds) {
    reading.services.push_back(service_of(feed));
  }
  return reading;
}

}  // namespace

void QueueWatch::look(Instant now, const AgentStatus& status) {
  const MutexLock lock(mutex_);
  for (const auto& [name, flow] : status.flows) {
    const auto [place, is_new] = flows_.try_emplace(name);
    Watched& watched = place->second;
    if (is_new) {
      watched.stored_at_start = records(flow.ledger, "stored");
    }
    watched.meter.look(now, reading_of(flow, status.buffer, watched.stored_at_start));
  }
}

void QueueWatch::tell(AgentStatus& status) const {
  const MutexLock lock(mutex_);
  for (auto& [name, flow] : status.flows) {
    if (const auto found = flows_.find(name); found != flows_.end()) {
      flow.queue = found->second.meter.figures();
    }
  }
}

}  // namespace sluice
