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
  if (live_first_ && just_before(newest) > Sequence(0)) {
    jump(just_before(newest), newest, now);
  }
}

Sequence Feed::ask(LaneName name) {
  Lane& asking = lane(name);
  asking.asked = name == LaneName::Backlog ? Sequence(0) : asking.after;
  return *asking.asked;
}

void Feed::take(LaneName name, const BlockPtr& block, Sequence newest, Instant now) {
  Lane& taker = lane(name);
  const auto asked = std::exchange(taker.asked, std::nullopt);
  if (name == LaneName::Backlog) {
    // Everything that is older has been confirmed, or this would not have been handed out.
    taker.asleep = block->first > from_;
    taker.block = taker.asleep ? nullptr : block;
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
  if (name == LaneName::Backlog) {
    return {Sequence(0), block->last()};  // it was the oldest of all
  }
  // A position in the course of passing over may lie within a block that was not sent.
  const Stretch stretch{passed_ ? just_before(block->first) : done.after, block->last()};
  done.after = block->last();
  return stretch;
}

bool Feed::jump_if_behind(Sequence newest, Instant now) {
  Lane& main = lane(LaneName::Main);
  const Sequence to = just_before(newest);
  if (!live_first_ || main.block == nullptr || main.block->first >= newest ||
      now - seen_at_ < kFresh || to <= main.after) {
    return false;
  }
  jump(to, newest, now);
  return true;
}

void Feed::jump(Sequence to, Sequence newest, Instant now) {
  Lane& main = lane(LaneName::Main);
  main.block = nullptr;
  main.after = to;
  from_ = to;
  passed_.reset();
  stride_ = 1;
  lane(LaneName::Backlog).asleep = false;
  mark(newest, now);
}

void Feed::mark(Sequence newest, Instant now) {
  seen_ = newest;
  seen_at_ = now;
}

void Feed::pass_over(Sequence newest) {
  Lane& main = lane(LaneName::Main);
  passed_ = passed_.value_or(main.after);
  const Sequence to = advance(main.block->last(), stride_ - 1);
  main.block = nullptr;
  if (to < newest) {
    main.after = to;
    stride_ *= 2;
  } else {
    main.after = *passed_;
    stride_ = 1;
  }
}

void Feed::return_to_passed() {
  if (!passed_) {
    return;
  }
  Lane& main = lane(LaneName::Main);
  main.wait->cancel();
  main.held = false;
  main.block = nullptr;
  main.after = *std::exchange(passed_, std::nullopt);
  stride_ = 1;
}

}  // namespace sluice
