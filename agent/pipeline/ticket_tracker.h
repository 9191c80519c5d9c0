// Which messages of a source are settled, when the blocks that hold them settle in any order.
#pragma once

#include "core/ids.h"

#include <cstddef>
#include <cstdint>
#include <map>

namespace sluice {

// A message of a source, and the bytes of all messages before it.
struct Position {
  Ticket ticket{1};
  std::uint64_t bytes_before = 0;

  // The next message, if this one has `bytes`.
  [[nodiscard]] Position after(std::uint64_t bytes) const {
    return {advance(ticket, 1), bytes_before + bytes};
  }
};

// A block holds a record of the message at Position and none of a message before it. So every
// message is settled that is before the first Position of all blocks which are not. Open blocks
// need not be told one by one: they are all behind the frontier. One thread at a time.
class TicketTracker {
 public:
  // So many more messages have been handed over. Returns the ticket of the last of all.
  Ticket deliver(std::size_t messages, std::uint64_t bytes);

  // Everything before `frontier` is in blocks that were registered with hold(), or not wanted by
  // any flow. Never goes back.
  void move_frontier(Position frontier) { frontier_ = frontier; }

  // `flow` has sealed a block that begins with `first`; it has been settled.
  void hold(FlowIndex flow, Position first) { held_.emplace(first.ticket, Held{flow, first}); }
  void release(FlowIndex flow, Position first);

  [[nodiscard]] bool has_held() const { return !held_.empty(); }
  [[nodiscard]] Ticket settled() const;             // 0: none
  [[nodiscard]] std::uint64_t outstanding() const;  // bytes delivered and not settled

  // Up to which ticket the source will be settled when `flow` has stored what it has sealed, and
  // everything before `frontier` is sealed. Other flows count only with what they have stored
  // already, because they may be stored later.
  [[nodiscard]] Ticket settled_with(FlowIndex flow, Position frontier) const;

 private:
  struct Held {
    FlowIndex flow;
    Position first;
  };

  [[nodiscard]] Position first_unsettled() const;

  Position frontier_;
  Position end_;  // of what was delivered
  std::multimap<Ticket, Held> held_;
};

}  // namespace sluice
