#include "uplink/feed.h"

#include <utility>

namespace sluice {

namespace {

// The place between a block and what came before it.
Sequence just_before(Sequence block) {
  return number(block) == 0 ? block : Sequence(number(block) - 1);
}

}  // namespace

Feed::Feed(DispatcherFeed feed, const std::string& sink, const DeliveryOptions& options,
           Timekeeper& time)
    : id(feed),
      who("sink=" + sink + " flow_index=" + std::to_string(number(feed.flow))),
      outage(who),
      pace(options.retry),
      live_first_(options.order == DeliveryOrder::LiveFirst) {
  for (Lane& lane : lanes_) {
    lane.wait = time.make_alarm();
  }
  lane(LaneName::Backlog).asleep = true;
}

void Feed::begin(Sequence newest, Instant now) {
  newest_at_start_ = newest;
  mark(newest, now);
  empty_handed(newest, now);
  if (live_first_ && just_before(newest) > Sequence(0)) {
    jump(just_before(newest), newest, now);
  }
}

bool Feed::must_ask(LaneName name) const {
  const Lane& asking = lane(name);
  // From the beginning, one at a time may ask.
  const bool crowded = name == LaneName::Backlog && lane(LaneName::Main).after == Sequence(0);
  return asking.block == nullptr && !asking.asked && !asking.asleep && !asking.held &&
         !asking.in_surgery && !crowded;
}

Sequence Feed::ask(LaneName name) {
  Lane& asking = lane(name);
  asking.asked = asking.after;
  if (name == LaneName::Backlog) {
    main_was_ = lane(LaneName::Main).after;
  }
  return asking.after;
}

void Feed::take(LaneName name, const BlockPtr& block, Sequence newest, Instant now) {
  Lane& taker = lane(name);
  const auto asked = std::exchange(taker.asked, std::nullopt);
  if (name == LaneName::Backlog) {
    // What the main lane has passed meanwhile it may have delivered: the next answer knows.
    taker.block = block->first <= main_was_ ? block : nullptr;
    taker.asleep = block->first > lane(LaneName::Main).after;
    return;
  }
  if (asked == taker.after) {
    taker.block = block;
    if (block->first > seen_) {
      mark(newest, now);
    }
  }
}

Stretch Feed::finish(LaneName name) {
  Lane& done = lane(name);
  const BlockPtr block = std::exchange(done.block, nullptr);
  if (done.after == Sequence(0)) {
    // The oldest of all: everything before it is confirmed.
    if (live_first_ && name == LaneName::Main) {
      done.after = block->last();
      gapless_ = true;
    }
    return {Sequence(0), block->last()};
  }
  const Stretch stretch{gapless_ ? done.after : just_before(block->first), block->last()};
  done.after = block->last();
  gapless_ = true;
  return stretch;
}

bool Feed::jump_if_behind(Sequence newest, Instant now) {
  const Lane& main = lane(LaneName::Main);
  const Sequence to = just_before(newest);
  if (!live_first_ || main.block == nullptr || main.block->first >= newest ||
      now - seen_at_ < kFresh || to <= main.after) {
    return false;
  }
  jump(to, newest, now);
  return true;
}

void Feed::jump(Sequence to, Sequence newest, Instant now) {
  go_to(to);
  mark(newest, now);
}

void Feed::go_to(Sequence position) {
  Lane& main = lane(LaneName::Main);
  main.block = nullptr;
  main.after = position;
  gapless_ = false;
  Lane& backlog = lane(LaneName::Backlog);
  if (live_first_ && backlog.asleep) {
    backlog.asleep = false;
    backlog.naps = false;
    backlog.wait->cancel();
  }
}

void Feed::mark(Sequence newest, Instant now) {
  seen_ = newest;
  seen_at_ = now;
}

BlockPtr Feed::oldest_in_hand() const {
  const BlockPtr& main = lane(LaneName::Main).block;
  const BlockPtr& backlog = lane(LaneName::Backlog).block;
  const bool other = main == nullptr || (backlog != nullptr && backlog->first < main->first);
  return other ? backlog : main;
}

void Feed::pass_over(Sequence newest) {
  const Sequence last = lane(LaneName::Main).block->last();
  if (live_first_) {
    go_to(last);
    return;
  }
  passes_over_ = true;
  const Sequence to = advance(last, stride_ - 1);
  const bool at_the_end = to >= newest;
  go_to(at_the_end ? Sequence(0) : to);
  stride_ = at_the_end ? 1 : 2 * stride_;
}

void Feed::return_to_passed() {
  if (!std::exchange(passes_over_, false)) {
    return;
  }
  Lane& main = lane(LaneName::Main);
  main.wait->cancel();
  main.held = false;
  go_to(Sequence(0));
  stride_ = 1;
}

}  // namespace sluice
