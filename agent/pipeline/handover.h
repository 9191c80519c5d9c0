// What the threads of the field side share: the messages on their way from the sources to the
// intake's thread, and what the store's thread reports about the blocks made of them.
#pragma once

#include "core/clock.h"
#include "core/ids.h"
#include "core/message.h"
#include "core/mutex.h"
#include "core/source.h"
#include "pipeline/flow_options.h"
#include "pipeline/ticket_tracker.h"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <stop_token>
#include <vector>

namespace sluice {

// What a message counts against the budget of its source: its bytes and what we need to keep it.
constexpr std::size_t kMessageOverhead = 64;
inline std::uint64_t cost(const Message& message) {
  return message.topic.size() + message.payload.size() + kMessageOverhead;
}

struct QueuedBatch {
  std::size_t source = 0;
  MessageBatch messages;
  Instant at;
};

// The first message of a source in a block.
struct Share {
  std::size_t source = 0;
  Position first;
  bool carries_state = false;  // the block carries a state row of this source
};

// One mutex guards everything; no foreign code is called while it is held. add_source() comes
// before everything else. Every other method says who may call it.
class Handover {
 public:
  // `clock` outlives the handover.
  Handover(const BlockOptions& options, const Clock& clock);

  // `source` outlives the handover.
  std::size_t add_source(Source& source);

  // By the thread of the source.
  Ticket deliver(std::size_t source, MessageBatch& batch);
  [[nodiscard]] bool full(std::size_t source) const;  // any thread
  void flush(std::size_t source);

  // By the intake's thread. Waits until there is enough to be worth waking up for, something is
  // urgent, the clock shows `until`, or `stop` is requested. Then `deliveries` is everything that
  // waits, in order, and `flushes` the sources that have asked for it. Both are given back with
  // their memory to be used again.
  void take(Instant until, const std::stop_token& stop, std::vector<QueuedBatch>& deliveries,
            std::vector<std::size_t>& flushes);
  void wake();  // any thread: look at `stop` again
  // Any thread: how often take() has looked for work.
  [[nodiscard]] std::uint64_t turns() const { return turns_; }

  // By the intake's thread. The ticket for Source::state_at() of a block of `flow` that leaves
  // `frontier` behind; none if this block must not carry a state of the source.
  [[nodiscard]] std::optional<Ticket> state_ticket(std::size_t source, FlowIndex flow,
                                                   Position frontier);

  // By the intake's thread, before the block is submitted.
  void hold(Sequence first, FlowIndex flow, std::vector<Share> shares);

  // By the intake's thread: see TicketTracker. One for each source. Tells the sources.
  void move_frontiers(const std::vector<Position>& frontiers);

  // By the intake's thread: whether messages of the source are held by blocks.
  [[nodiscard]] bool awaits_settling(std::size_t source);

  // By the store's thread. Tells the sources.
  void settled(Sequence first);

 private:
  // Of one source. Guarded by mutex_, except `full`.
  struct Desk {
    explicit Desk(Source& owner) : source(owner) {}

    Source& source;
    TicketTracker tickets;
    std::atomic<bool> full = false;
    bool pressed = false;  // has been flushed because half of its budget was used up
    bool flush_wanted = false;
    bool telling = false;  // a thread is calling the source
    bool resume_due = false;
    Ticket told{};            // last one the source has been told
    FlowIndex carrier{};      // flow of the blocks under way with a state of the source
    std::size_t carried = 0;  // how many there are
  };
  struct News {
    Ticket settled{};
    bool rose = false;
    bool resume = false;
  };
  struct Sealed {
    FlowIndex flow;
    std::vector<Share> shares;
  };

  [[nodiscard]] bool worth_waking(Instant until, Instant now) const SLUICE_REQUIRES(mutex_);
  void wait_until(Instant until) SLUICE_REQUIRES(mutex_);
  void notice_pressure(Desk& desk) SLUICE_REQUIRES(mutex_);
  void notice_room(Desk& desk) SLUICE_REQUIRES(mutex_);
  void tell(std::size_t source);
  std::optional<News> next_news(Desk& desk, bool talking);

  const std::uint64_t budget_;
  const std::size_t wake_bytes_;
  const std::chrono::milliseconds flush_interval_;
  const Clock& clock_;

  std::atomic<std::uint64_t> turns_ = 0;
  mutable Mutex mutex_;
  std::condition_variable_any work_;
  std::deque<Desk> desks_;  // grows in add_source() only; a desk never moves
  std::vector<QueuedBatch> queue_ SLUICE_GUARDED_BY(mutex_);
  std::uint64_t queued_bytes_ SLUICE_GUARDED_BY(mutex_) = 0;
  std::vector<MessageBatch> spare_ SLUICE_GUARDED_BY(mutex_);
  std::map<Sequence, Sealed> sealed_ SLUICE_GUARDED_BY(mutex_);
  std::optional<Instant> waiting_until_ SLUICE_GUARDED_BY(mutex_);  // set while the intake waits
  bool urgent_ SLUICE_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice
