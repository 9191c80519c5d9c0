#include "uplink/dispatcher.h"

#include "uplink/dispatcher_worker.h"

#include <boost/asio/post.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;

}  // namespace

DispatcherWorker::DispatcherWorker(asio::io_context& io, DispatcherOptions options,
                                   BlockReader& buffer, StateStore& state,
                                   std::unique_ptr<Transport> transport,
                                   std::unique_ptr<Timekeeper> time)
    : io_(io),
      name_(std::move(options.name)),
      options_(options.delivery),
      buffer_(buffer),
      time_(time ? std::move(time) : make_timekeeper(io)),
      turns_(options.feeds.size(), options_.live_share_percent),
      pace_(options_.retry),
      outage_("sink=" + name_),
      allowance_(options_.rate_limit, name_, state, *time_),
      pause_(time_->make_alarm()),
      limits_(time_->make_alarm()),
      startup_(time_->make_alarm()),
      tally_(options.feeds),
      transport_(std::move(transport)),
      mailbox_(std::make_shared<Mailbox<DispatcherWorker>>()) {
  for (const DispatcherFeed& feed : options.feeds) {
    feeds_.emplace_back(feed, name_, options_, *time_);
  }
}

// --- life ---

void DispatcherWorker::start() {
  mailbox_->open(io_, weak_from_this());
  asio::post(io_, [self = shared_from_this()] { self->begin(); });
}

void DispatcherWorker::begin() {
  if (stopping_) {
    return;
  }
  wait_for_the_fleet();
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    feeds_[i].begin(newest(feeds_[i]), now());
    ask(i);
    let_sleep(i);
  }
}

// A thousand agents that get their power back together would connect together, each with a backlog.
// What has waited through the power cut can wait a moment longer; what comes now need not.
void DispatcherWorker::wait_for_the_fleet() {
  constexpr std::chrono::milliseconds kLongest = std::chrono::seconds(10);
  std::mt19937_64 random(std::random_device{}());
  std::uniform_int_distribution<std::int64_t> jitter(
      0, std::min(options_.retry.initial, kLongest).count());
  const std::chrono::milliseconds time(jitter(random));
  if (time.count() > 0) {
    fleet_starts_ = true;
    tally_.waits(Hold::Startup, time_->clock().now() + time);
    after(*startup_, time, [](DispatcherWorker& self) {
      self.fleet_starts_ = false;
      self.tally_.does_not_wait();
      self.send_next();
    });
  }
}

void DispatcherWorker::stop() {
  stopping_ = true;
  asio::post(io_, [self = shared_from_this()] { self->come_to_rest(); });
}

// The last reference moves to the io_context's thread, or into the io_context for as long as it
// exists: there is nothing left that could be running while the worker goes away.
void DispatcherWorker::abandon(std::shared_ptr<DispatcherWorker> worker) {
  worker->stopping_ = true;
  worker->mailbox_->close();
  asio::io_context& io = worker->io_;
  asio::post(io, [self = std::move(worker)] { self->give_up(); });
}

void DispatcherWorker::come_to_rest() {
  for (Alarm* alarm : {pause_.get(), limits_.get(), startup_.get()}) {
    alarm->cancel();
  }
  for (Feed& feed : feeds_) {
    feed.lane(LaneName::Main).wait->cancel();
    feed.lane(LaneName::Backlog).wait->cancel();
  }
  if (!busy_) {
    transport_->cancel();  // nothing is under way: it only closes its connection
  }
}

void DispatcherWorker::give_up() {
  come_to_rest();
  transport_.reset();
  busy_ = false;
}

void DispatcherWorker::after(Alarm& alarm, std::chrono::milliseconds time,
                             std::function<void(DispatcherWorker&)> then) {
  if (stopping_) {
    return;
  }
  alarm.set(time, [weak = weak_from_this(), then = std::move(then)] {
    const auto self = weak.lock();
    if (self && !self->stopping_) {
      then(*self);
    }
  });
}

// --- reading ---

Sequence DispatcherWorker::newest_if_it_matters(const Feed& feed) const {
  return options_.order == DeliveryOrder::LiveFirst ? newest(feed) : Sequence(0);
}

void DispatcherWorker::ask(std::size_t index) {
  ask(index, LaneName::Main);
  ask(index, LaneName::Backlog);
}

void DispatcherWorker::ask(std::size_t index, LaneName lane) {
  Feed& feed = feeds_[index];
  if (stopping_ || !feed.must_ask(lane)) {
    return;
  }
  buffer_.fetch(feed.id.flow, feed.id.sink, feed.ask(lane),
                [mailbox = mailbox_, index, lane](Result<BlockPtr> block) {
                  mailbox->deliver([index, lane, block = std::move(block)](DispatcherWorker& self) {
                    self.fetched(index, lane, block);
                  });
                });
}

void DispatcherWorker::fetched(std::size_t index, LaneName lane, const Result<BlockPtr>& block) {
  Feed& feed = feeds_[index];
  if (block) {
    feed.take(lane, *block, newest_if_it_matters(feed), now());
    count_work(index);
    ask(index);  // if it was not what is wanted any more
    let_sleep(index);
    count_flows();
    send_next();
    return;
  }
  switch (block.error().reaction) {
    case Reaction::Closed:
      return;
    case Reaction::Retry:
    case Reaction::Full:
      feed.lane(lane).asked.reset();
      rest({index, lane}, options_.retry.max);
      return;
    case Reaction::Reject:
    case Reaction::Fatal:
      // Whoever owns the buffer repairs it or ends the process; asking again would not help.
      spdlog::default_logger()->error("the buffer cannot be read {} error=\"{}\"", feed.who,
                                      block.error().message);
      return;
  }
}

// Called whenever a lane may have got a block or let go of one.
void DispatcherWorker::count_work(std::size_t index) {
  Feed& feed = feeds_[index];
  if (const BlockPtr block = feed.oldest_in_hand()) {
    tally_.busy(index, feed.there_since(*block, now()), block->min_time);
  } else if (tally_.idle(index, now())) {
    feed.empty_handed(newest(feed), now());
  }
}

// Wakes the backlog lane after a while, if nothing else does.
void DispatcherWorker::let_sleep(std::size_t index) {
  constexpr std::chrono::minutes kNap{1};
  Lane& backlog = feeds_[index].lane(LaneName::Backlog);
  if (options_.order != DeliveryOrder::LiveFirst || !backlog.asleep || backlog.naps) {
    return;
  }
  backlog.naps = true;
  after(*backlog.wait, kNap, [index](DispatcherWorker& self) {
    Lane& lane = self.feeds_[index].lane(LaneName::Backlog);
    lane.naps = false;
    lane.asleep = false;
    self.ask(index);
  });
}

// --- what others see ---

Dispatcher::Dispatcher(asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
                       StateStore& state, std::unique_ptr<Transport> transport,
                       std::unique_ptr<Timekeeper> time)
    : worker_(std::make_shared<DispatcherWorker>(io, std::move(options), buffer, state,
                                                 std::move(transport), std::move(time))) {
}

Dispatcher::~Dispatcher() {
  DispatcherWorker::abandon(std::move(worker_));
}

void Dispatcher::start() {
  worker_->start();
}

void Dispatcher::stop() {
  worker_->stop();
}

TransportFigures Dispatcher::connection() const {
  return worker_->connection();
}

DispatcherCounts Dispatcher::counts() const {
  return worker_->counts();
}

}  // namespace sluice
