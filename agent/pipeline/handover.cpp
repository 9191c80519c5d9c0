#include "pipeline/handover.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// Kept batches hold at most half a megabyte each.
constexpr std::size_t kMostSpares = 4;

}  // namespace

Handover::Handover(const BlockOptions& options, const Clock& clock)
    : budget_(options.source_budget),
      wake_bytes_(options.block_size / 4),
      flush_interval_(options.flush_interval),
      clock_(clock) {
}

std::size_t Handover::add_source(Source& source) {
  desks_.emplace_back(source);
  return desks_.size() - 1;
}

Ticket Handover::deliver(std::size_t source, MessageBatch& batch) {
  const Instant now = clock_.elapsed();
  const std::uint64_t bytes = batch.bytes() + batch.size() * kMessageOverhead;
  Desk& desk = desks_[source];
  Ticket last{};
  bool wake = false;
  {
    const MutexLock lock(mutex_);
    last = desk.tickets.deliver(batch.size(), bytes);
    if (batch.empty()) {
      return last;
    }
    batch.first_ticket = Ticket(number(last) - batch.size() + 1);
    queued_bytes_ += bytes;
    MessageBatch fresh;
    if (!spare_.empty()) {
      fresh = std::move(spare_.back());
      spare_.pop_back();
    }
    queue_.push_back({source, std::exchange(batch, std::move(fresh)), now});
    notice_pressure(desk);
    if (waiting_until_ && worth_waking(*waiting_until_, now)) {
      waiting_until_.reset();  // once is enough
      wake = true;
    }
  }
  if (wake) {
    work_.notify_one();
  }
  return last;
}

// Half of the budget is settled while the other half fills up, and all of it when the source has to
// stop: waiting for the next tick would limit the source to one budget per tick.
void Handover::notice_pressure(Desk& desk) {
  const std::uint64_t outstanding = desk.tickets.outstanding();
  const bool over = outstanding > budget_;
  if (over) {
    desk.full = true;
  }
  if (over || (outstanding > budget_ / 2 && !desk.pressed)) {
    desk.pressed = true;
    desk.flush_wanted = true;
    urgent_ = true;
  }
}

bool Handover::full(std::size_t source) const {
  return desks_[source].full;
}

void Handover::flush(std::size_t source) {
  {
    const MutexLock lock(mutex_);
    desks_[source].flush_wanted = true;
    urgent_ = true;
    waiting_until_.reset();
  }
  work_.notify_one();
}

void Handover::wake() {
  const MutexLock lock(mutex_);  // or the request could fall between the check and the wait
  work_.notify_one();
}

// A wake-up costs as much as twenty messages, so what has been delivered waits for company as long
// as a block is open: that one is looked after in time, and everything with it.
bool Handover::worth_waking(Instant until, Instant now) const {
  return urgent_ || now >= until || queued_bytes_ >= wake_bytes_ ||
         (!queue_.empty() && until - queue_.front().at > flush_interval_);
}

void Handover::wait_until(Instant until) {
  waiting_until_ = until;
  if (until == Instant::max()) {
    work_.wait(mutex_);
  } else {
    work_.wait_until(mutex_, std::chrono::steady_clock::now() + (until - clock_.elapsed()));
  }
  waiting_until_.reset();
}

void Handover::take(Instant until, const std::stop_token& stop,
                    std::vector<QueuedBatch>& deliveries, std::vector<std::size_t>& flushes) {
  for (QueuedBatch& delivery : deliveries) {
    delivery.messages.clear();
  }
  flushes.clear();
  const MutexLock lock(mutex_);
  for (QueuedBatch& delivery : deliveries) {
    if (spare_.size() < kMostSpares) {
      spare_.push_back(std::move(delivery.messages));
    }
  }
  deliveries.clear();
  ++turns_;
  while (!stop.stop_requested() && !worth_waking(until, clock_.elapsed())) {
    wait_until(until);
    ++turns_;
  }
  deliveries.swap(queue_);
  queued_bytes_ = 0;
  urgent_ = false;
  for (std::size_t source = 0; source < desks_.size(); ++source) {
    if (std::exchange(desks_[source].flush_wanted, false)) {
      flushes.push_back(source);
    }
  }
}

// States may reach the disk only in the order in which they were taken, and only with the messages
// they speak of. Blocks of different flows are not ordered among each other. So while a block with
// a state is under way, only blocks of the same flow carry another.
std::optional<Ticket> Handover::state_ticket(std::size_t source, FlowIndex flow,
                                             Position frontier) {
  const MutexLock lock(mutex_);
  const Desk& desk = desks_[source];
  if (desk.carried > 0 && desk.carrier != flow) {
    return std::nullopt;
  }
  return desk.tickets.settled_with(flow, frontier);
}

void Handover::hold(Sequence first, FlowIndex flow, std::vector<Share> shares) {
  const MutexLock lock(mutex_);
  for (const Share& share : shares) {
    Desk& desk = desks_[share.source];
    desk.tickets.hold(flow, share.first);
    if (share.carries_state) {
      desk.carrier = flow;
      ++desk.carried;
    }
  }
  sealed_.emplace(first, Sealed{flow, std::move(shares)});
}

void Handover::move_frontiers(const std::vector<Position>& frontiers) {
  {
    const MutexLock lock(mutex_);
    for (std::size_t source = 0; source < frontiers.size(); ++source) {
      desks_[source].tickets.move_frontier(frontiers[source]);
      notice_room(desks_[source]);
    }
  }
  for (std::size_t source = 0; source < frontiers.size(); ++source) {
    tell(source);
  }
}

bool Handover::awaits_settling(std::size_t source) {
  const MutexLock lock(mutex_);
  return desks_[source].tickets.has_held();
}

void Handover::settled(Sequence first) {
  std::vector<Share> shares;
  {
    const MutexLock lock(mutex_);
    const auto found = sealed_.find(first);
    if (found == sealed_.end()) {
      return;
    }
    for (const Share& share : found->second.shares) {
      Desk& desk = desks_[share.source];
      desk.tickets.release(found->second.flow, share.first);
      if (share.carries_state) {
        --desk.carried;
      }
      notice_room(desk);
    }
    shares = std::move(found->second.shares);
    sealed_.erase(found);
  }
  for (const Share& share : shares) {
    tell(share.source);
  }
}

void Handover::notice_room(Desk& desk) {
  if (desk.tickets.outstanding() > budget_ / 2) {
    return;
  }
  desk.pressed = false;
  if (desk.full) {
    desk.full = false;
    desk.resume_due = true;
  }
}

// Two threads may have news for the same source. The one that comes second leaves them to the one
// that is already talking, so that the tickets arrive in rising order.
void Handover::tell(std::size_t source) {
  Desk& desk = desks_[source];
  bool talking = false;
  while (const auto news = next_news(desk, talking)) {
    talking = true;
    if (news->rose) {
      desk.source.settled(news->settled);
    }
    if (news->resume) {
      desk.source.resume();
    }
  }
}

std::optional<Handover::News> Handover::next_news(Desk& desk, bool talking) {
  const MutexLock lock(mutex_);
  if (desk.telling && !talking) {
    return std::nullopt;
  }
  News news;
  news.settled = desk.tickets.settled();
  news.rose = news.settled > desk.told;
  news.resume = std::exchange(desk.resume_due, false);
  desk.told = news.settled;
  desk.telling = news.rose || news.resume;
  return desk.telling ? std::optional(news) : std::nullopt;
}

}  // namespace sluice
