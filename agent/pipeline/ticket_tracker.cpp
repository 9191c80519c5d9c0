#include "pipeline/ticket_tracker.h"

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

Ticket before(Ticket ticket) {
  return Ticket(number(ticket) - 1);
}

}  // namespace

Ticket TicketTracker::deliver(std::size_t messages, std::uint64_t bytes) {
  end_ = {advance(end_.ticket, messages), end_.bytes_before + bytes};
  return before(end_.ticket);
}

void TicketTracker::release(FlowIndex flow, Position first) {
  const auto [begin, end] = held_.equal_range(first.ticket);
  const auto held =
      std::find_if(begin, end, [flow](const auto& entry) { return entry.second.flow == flow; });
  if (held != end) {
    held_.erase(held);
  }
}

Position TicketTracker::first_unsettled() const {
  if (held_.empty() || held_.begin()->first >= frontier_.ticket) {
    return frontier_;
  }
  return held_.begin()->second.first;
}

Ticket TicketTracker::settled() const {
  return before(first_unsettled().ticket);
}

std::uint64_t TicketTracker::outstanding() const {
  return end_.bytes_before - first_unsettled().bytes_before;
}

Ticket TicketTracker::settled_with(FlowIndex flow, Position frontier) const {
  const auto other = std::find_if(held_.begin(), held_.end(),
                                  [flow](const auto& entry) { return entry.second.flow != flow; });
  const bool limited = other != held_.end() && other->first < frontier.ticket;
  return before(limited ? other->first : frontier.ticket);
}

}  // namespace sluice
