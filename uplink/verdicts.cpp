// What becomes of a block after the destination has answered.
#include "uplink/dispatcher_worker.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice {

namespace {

std::string describe(const Block& block) {
  return "first_seq=" + std::to_string(number(block.first)) +
         " records=" + std::to_string(block.count) + " bytes=" + std::to_string(block.data.size());
}

}  // namespace

void DispatcherWorker::answered(const Turn& turn, const Answer& answer) {
  busy_ = false;
  // A transport that does not know has sent at least the data, if there is an answer to it.
  const bool known = answer.sent_bytes > 0 || answer.verdict == Verdict::Retry;
  const std::uint64_t bytes = known ? answer.sent_bytes : shipment_.block->data.size();
  allowance_.spend(bytes);
  turns_.paid(turn, bytes);
  tally_.answered(answer, bytes, allowance_.quota());
  decide(turn, answer);
  shipment_ = {};
  tally_.breaker(breaker_.state());
  count_flows();
  count_work(turn.feed);
  if (stopping_) {
    come_to_rest();
    return;
  }
  ask(turn.feed);
  send_next();
}

// The one place where it is decided what becomes of a block.
void DispatcherWorker::decide(const Turn& turn, const Answer& answer) {
  switch (answer.verdict) {
    case Verdict::Confirmed:
      confirmed(turn);
      return;
    case Verdict::Retry:
    case Verdict::Throttled:
    case Verdict::Misconfigured:
    case Verdict::BadEncoding:
      pause_sink(turn, answer);
      return;
    case Verdict::TooLarge:
    case Verdict::Refused:
    case Verdict::Partial:
      repair(turn, answer);
      return;
  }
}

void DispatcherWorker::confirmed(const Turn& turn) {
  Feed& feed = feeds_[turn.feed];
  const Stretch stretch = feed.finish(turn.lane);
  buffer_.confirm(feed.id.flow, feed.id.sink, stretch.after, stretch.last);
  turns_.over(turn);
  pace_.reset();
  breaker_.answered();
  outage_.over();
  feed.pace.reset();
  feed.outage.over();
  if (feed.guard.distrusts()) {
    feed.return_to_passed();
  }
  feed.guard.accepted();
  tally_.confirmed(turn.feed, shipment_, time_->clock().now());
}

// Nothing would get through now: neither this block nor another.
void DispatcherWorker::pause_sink(const Turn& turn, const Answer& answer) {
  turns_.again(turn);
  const auto time = pace_.after(answer);
  breaker_.failed(answer.verdict == Verdict::Misconfigured ||
                  answer.verdict == Verdict::BadEncoding);
  outage_.failed(answer, describe(*shipment_.block), time);
  tally_.waits(Hold::Retry, time_->clock().now() + time);
  paused_ = true;
  after(*pause_, time, [](DispatcherWorker& self) {
    self.paused_ = false;
    self.send_next();
  });
}

// The destination is there but does not take this block. Whatever it minds is found by halving:
// half of a block may be small enough, or free of the record that is refused.
void DispatcherWorker::repair(const Turn& turn, const Answer& answer) {
  Feed& feed = feeds_[turn.feed];
  pace_.reset();
  breaker_.answered();
  outage_.over();
  turns_.over(turn);
  if (shipment_.block->count == 1 && feed.guard.may_bury()) {
    bury(turn, answer);
  } else if (feed.guard.distrusts()) {
    distrust(turn, answer);
  } else {
    split(turn, std::chrono::milliseconds(0));
  }
}

void DispatcherWorker::bury(const Turn& turn, const Answer& answer) {
  Feed& feed = feeds_[turn.feed];
  constexpr std::chrono::minutes kBetweenLines{1};
  ++burials_;
  if (burials_ == 1 || now() - last_burial_logged_ >= kBetweenLines) {
    last_burial_logged_ = now();
    spdlog::default_logger()->error(
        "the destination will never take a record, it is a dead letter now {} seq={} so_far={} "
        "answer=\"{}\"",
        feed.who, number(shipment_.block->first), burials_, answer.detail);
  }
  const bool too_large = answer.verdict == Verdict::TooLarge;
  const Stretch stretch = feed.finish(turn.lane);
  buffer_.bury(feed.id.flow, feed.id.sink, stretch.after, stretch.last,
               {.reason = too_large ? "too_large" : "refused",
                .detail = answer.words.empty() ? answer.detail : answer.words});
  tally_.buried(turn.feed, too_large);
}

void DispatcherWorker::split(const Turn& turn, std::chrono::milliseconds slowly) {
  Feed& feed = feeds_[turn.feed];
  feed.lane(turn.lane).in_surgery = true;
  buffer_.split(feed.id.flow, shipment_.block->first,
                [mailbox = mailbox_, turn, slowly](Status done) {
                  mailbox->deliver([turn, slowly, done = std::move(done)](DispatcherWorker& self) {
                    self.has_split(turn, slowly, done);
                  });
                });
}

void DispatcherWorker::has_split(const Turn& turn, std::chrono::milliseconds slowly,
                                 const Status& done) {
  Feed& feed = feeds_[turn.feed];
  Lane& lane = feed.lane(turn.lane);
  lane.in_surgery = false;
  lane.block = nullptr;  // what is there now is what the buffer hands out
  count_work(turn.feed);
  if (done) {
    tally_.split();
  } else if (done.error().reaction == Reaction::Closed) {
    lane.held = true;
    return;
  } else {
    spdlog::default_logger()->warn("a block cannot be cut in two, will retry {} error=\"{}\"",
                                   feed.who, done.error().message);
    slowly = options_.retry.max;
  }
  if (slowly.count() > 0) {
    rest(turn, slowly);
    return;
  }
  ask(turn.feed);
}

// It takes not a single record of the flow: somebody must change something. Everything is kept.
// Other records are tried now and then, one at a time, because it could also be a long stretch of
// bad ones.
void DispatcherWorker::distrust(const Turn& turn, const Answer& answer) {
  Feed& feed = feeds_[turn.feed];
  const auto time =
      feed.pace.after({.verdict = Verdict::Retry, .retry_after = answer.retry_after, .detail = {}});
  feed.outage.failed(answer, describe(*shipment_.block), time);
  if (shipment_.block->count > 1) {
    split(turn, time);
    return;
  }
  if (turn.lane == LaneName::Main) {
    feed.pass_over(newest(feed));
  }
  rest(turn, time);
}

void DispatcherWorker::rest(const Turn& turn, std::chrono::milliseconds time) {
  Lane& lane = feeds_[turn.feed].lane(turn.lane);
  lane.held = true;
  after(*lane.wait, time, [turn](DispatcherWorker& self) {
    self.feeds_[turn.feed].lane(turn.lane).held = false;
    self.ask(turn.feed);
    self.send_next();
  });
}

void DispatcherWorker::count_flows() {
  std::uint64_t with_backlog = 0;
  std::uint64_t refused = 0;
  for (const Feed& feed : feeds_) {
    with_backlog += feed.has_backlog() ? 1U : 0U;
    refused += feed.guard.distrusts() ? 1U : 0U;
  }
  tally_.flows(with_backlog, refused);
}

}  // namespace sluice
