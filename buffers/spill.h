// Lazy spill: which of the waiting blocks have to go to the disk, and when. Private to buffers/.
#pragma once

#include "buffers/pending.h"
#include "core/clock.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

// A flow is lazy while its sinks keep up: nothing of it is in the file that one of them has not
// got. Its blocks then wait in memory to be delivered, each until its deadline. Once one had to be
// stored, the sink is too slow or away, and waiting for it would only hold up the source; so the
// flow stores with every tick and flush until its sinks have caught up.
//
// Sequences leave the agent before anything about them is on the disk, and must not be used again
// after a crash. So the file says of more sequences than there are that they are used up.
//
// One thread. Without a time to wait every block is due at once and no sequence is reserved.
class Spill {
 public:
  // More than this is not kept in memory in the hope of being delivered, over all flows.
  static constexpr std::uint64_t kMostWaiting = 4UL * 1024 * 1024;
  static constexpr std::uint64_t kReservation = 1UL << 20U;  // sequences at a time

  explicit Spill(std::chrono::milliseconds after) : after_(after) {}

  [[nodiscard]] bool lazy() const { return after_.count() > 0; }
  // When a block that arrives now must be on its way to the disk.
  [[nodiscard]] Instant deadline(Instant now) const { return now + after_; }

  // A source is quiet and waits for everything up to this arrival to be settled. Storing it would
  // not be quicker than its delivery; but what is delivered need not wait for the tick.
  void hurry(std::uint64_t arrival) { hurried_ = arrival; }
  // Nothing will be delivered any more: from now on everything is due.
  void store_everything() { everything_ = true; }

  // Marks in each flow how many blocks from the front the next transaction has to deal with, and
  // up to where sequences should be reserved.
  void mark(Pending& pending, Instant now);

  // By the last mark(): there is something that must not wait for the tick.
  [[nodiscard]] bool urgent() const { return urgent_; }
  // By the last mark(): when the next deadline passes.
  [[nodiscard]] std::optional<Instant> next() const { return next_; }

 private:
  void mark_lazy(FlowState& flow, Sequence wanted, std::optional<Instant> until);
  void reserve(Pending& pending);

  std::chrono::milliseconds after_;
  std::uint64_t hurried_ = 0;
  bool everything_ = false;
  bool urgent_ = false;
  std::optional<Instant> next_;
};

}  // namespace sluice
