// When the dispatcher sends, and what.
#include "uplink/dispatcher_worker.h"

#include <algorithm>

namespace sluice {

// One request at a time.
void DispatcherWorker::send_next() {
  if (busy_ || paused_ || stopping_) {
    return;
  }
  jump_where_behind();
  release_batch();
  const auto turn = turns_.pick([this](const Turn& each) -> std::optional<std::uint64_t> {
    const Feed& feed = feeds_[each.feed];
    const Lane& lane = feed.lane(each.lane);
    return lane.ready() && may_go(feed, *lane.block) ? std::optional(lane.block->data.size())
                                                     : std::nullopt;
  });
  if (!turn) {
    return;
  }
  if (const Wait wait = allowance_.wait(); wait.why != Hold::None) {
    hold(wait.why, wait.time);
    return;
  }
  transmit(*turn);
}

void DispatcherWorker::jump_where_behind() {
  if (options_.order != DeliveryOrder::LiveFirst) {
    return;
  }
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    Feed& feed = feeds_[i];
    if (feed.lane(LaneName::Main).ready() && feed.jump_if_behind(newest(feed), now())) {
      count_work(i);
      ask(i);
    }
  }
}

bool DispatcherWorker::may_go(const Feed& feed, const Block& block) const {
  if (fleet_starts_ && feed.is_old(block)) {
    return false;
  }
  return !options_.rate_limit.metered || block.first <= feed.released;
}

// A batch ends with the blocks that were there when it began: what comes later begins a new one.
void DispatcherWorker::release_batch() {
  if (!options_.rate_limit.metered) {
    return;
  }
  const std::uint64_t bytes = waiting_bytes();
  if (bytes == 0) {
    return;
  }
  if (const auto time = batch_.wait(bytes, now()); time.count() > 0) {
    hold(Hold::Batch, time);
    return;
  }
  for (Feed& feed : feeds_) {
    feed.released = std::max(feed.released, newest(feed));
    for (const LaneName name : {LaneName::Main, LaneName::Backlog}) {
      const Lane& lane = feed.lane(name);
      feed.released = std::max(feed.released, lane.block ? lane.block->first : Sequence(0));
    }
  }
}

// An estimate: what is in hand, and as much per sequence up to the newest block. Flows share the
// sequences, so with several of them it is too high, and the batch goes out a little early.
std::uint64_t DispatcherWorker::waiting_bytes() const {
  std::uint64_t bytes = 0;
  for (const Feed& feed : feeds_) {
    for (const LaneName name : {LaneName::Main, LaneName::Backlog}) {
      const Lane& lane = feed.lane(name);
      if (!lane.ready() || lane.block->first <= feed.released) {
        continue;
      }
      const Block& block = *lane.block;
      const std::uint64_t last = std::max(number(newest(feed)), number(block.last()));
      const std::uint64_t sequences = last - number(block.first) + 1;
      bytes += std::max<std::uint64_t>(1, block.data.size() * sequences / block.count);
    }
  }
  return bytes;
}

void DispatcherWorker::hold(Hold why, std::chrono::milliseconds time) {
  tally_.waits(why, time_->clock().now() + time);
  after(*limits_, time, [](DispatcherWorker& self) { self.send_next(); });
}

void DispatcherWorker::transmit(const Turn& turn) {
  busy_ = true;
  breaker_.attempt();
  tally_.breaker(breaker_.state());
  tally_.does_not_wait();
  shipment_ = {.block = feeds_[turn.feed].lane(turn.lane).block,
               .backfill = turn.lane == LaneName::Backlog};
  transport_->send(shipment_, [weak = weak_from_this(), turn](const Answer& answer) {
    if (const auto self = weak.lock()) {
      self->answered(turn, answer);
    }
  });
}

}  // namespace sluice
