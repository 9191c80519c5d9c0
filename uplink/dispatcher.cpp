#include "uplink/dispatcher.h"

#include "core/mutex.h"
#include "uplink/outage.h"
#include "uplink/retry_pace.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <atomic>
#include <deque>
#include <utility>

namespace sluice {

namespace {

namespace asio = boost::asio;

}  // namespace

// Everything that is not said to be for any thread runs on the thread of `io`. Handlers that wait
// inside the transport or the buffer know the worker only weakly, so that no cycle keeps it.
class Dispatcher::Worker : public std::enable_shared_from_this<Dispatcher::Worker> {
 public:
  Worker(asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
         std::unique_ptr<Transport> transport)
      : io_(io),
        name_(std::move(options.name)),
        retry_(options.retry),
        buffer_(buffer),
        pace_(options.retry),
        outage_("sink=" + name_),
        pause_(io),
        transport_(std::move(transport)),
        mailbox_(std::make_shared<Mailbox>()) {
    for (const DispatcherFeed& feed : options.feeds) {
      feeds_.emplace_back(feed, name_, io);
    }
  }

  // Any thread.
  void start() {
    mailbox_->open(io_, weak_from_this());
    asio::post(io_, [self = shared_from_this()] {
      for (std::size_t i = 0; i < self->feeds_.size(); ++i) {
        self->fetch(i);
      }
    });
  }

  // Any thread.
  void stop() {
    stopping_ = true;
    asio::post(io_, [self = shared_from_this()] { self->come_to_rest(); });
  }

  // Any thread. The last reference moves to the io_context's thread, or into the io_context for as
  // long as it exists: there is nothing left that could be running while the worker goes away.
  static void abandon(std::shared_ptr<Worker> worker) {
    worker->stopping_ = true;
    worker->mailbox_->close();
    asio::io_context& io = worker->io_;
    asio::post(io, [self = std::move(worker)] { self->give_up(); });
  }

  // Any thread.
  [[nodiscard]] DispatcherCounts counts() const {
    const MutexLock lock(mutex_);
    return counts_;
  }

 private:
  struct Feed {
    Feed(DispatcherFeed feed, const std::string& sink, asio::io_context& io)
        : id(feed),
          who("sink=" + sink + " flow_index=" + std::to_string(number(feed.flow))),
          outage(who),
          pause(io) {}

    DispatcherFeed id;
    std::string who;    // in logs
    Sequence after{};   // everything up to here is confirmed
    BlockPtr block;     // to be sent, or being sent
    bool held = false;  // the block has been turned down and waits for its next attempt
    Outage outage;      // that concerns this flow's blocks only
    asio::steady_timer pause;
  };

  // Between the buffer's thread and ours. Closed before the io_context may go away.
  class Mailbox {
   public:
    void open(asio::io_context& io, std::weak_ptr<Worker> worker) {
      const MutexLock lock(mutex_);
      io_ = &io;
      worker_ = std::move(worker);
    }
    void close() {
      const MutexLock lock(mutex_);
      io_ = nullptr;
    }
    void deliver(std::size_t feed, Result<BlockPtr> block) {
      const MutexLock lock(mutex_);  // post() only queues
      if (io_ == nullptr) {
        return;  // the block stays in the buffer
      }
      if (auto worker = worker_.lock()) {
        asio::post(*io_, [worker = std::move(worker), feed, block = std::move(block)] {
          worker->fetched(feed, block);
        });
      }
    }

   private:
    Mutex mutex_;
    asio::io_context* io_ SLUICE_GUARDED_BY(mutex_) = nullptr;
    std::weak_ptr<Worker> worker_ SLUICE_GUARDED_BY(mutex_);
  };

  // --- getting blocks ---

  void fetch(std::size_t index) {
    if (stopping_) {
      return;
    }
    const Feed& feed = feeds_[index];
    buffer_.fetch(feed.id.flow, feed.id.sink, feed.after,
                  [mailbox = mailbox_, index](Result<BlockPtr> block) {
                    mailbox->deliver(index, std::move(block));
                  });
  }

  void fetched(std::size_t index, const Result<BlockPtr>& block) {
    if (block) {
      feeds_[index].block = *block;
      send_next();
      return;
    }
    switch (block.error().reaction) {
      case Reaction::Closed:
        return;
      case Reaction::Retry:
      case Reaction::Full:
        wait(feeds_[index].pause, retry_.max, [index](Worker& self) { self.fetch(index); });
        return;
      case Reaction::Reject:
      case Reaction::Fatal:
        // Whoever owns the buffer repairs it or ends the process; asking again would not help.
        spdlog::default_logger()->error("the buffer cannot be read {} error=\"{}\"",
                                        feeds_[index].who, block.error().message);
        return;
    }
  }

  // --- sending them ---

  // One request at a time; the flows take turns.
  void send_next() {
    if (busy_ || paused_ || stopping_) {
      return;
    }
    for (std::size_t i = 0; i < feeds_.size(); ++i) {
      const std::size_t index = (turn_ + i) % feeds_.size();
      if (feeds_[index].block && !feeds_[index].held) {
        turn_ = (index + 1) % feeds_.size();
        busy_ = true;
        transport_->send({.block = feeds_[index].block},
                         [weak = weak_from_this(), index](const Answer& answer) {
                           if (const auto self = weak.lock()) {
                             self->answered(index, answer);
                           }
                         });
        return;
      }
    }
  }

  // The one place where it is decided what becomes of a block.
  void answered(std::size_t index, const Answer& answer) {
    busy_ = false;
    switch (answer.verdict) {
      case Verdict::Confirmed:
        confirmed(index);
        break;
      case Verdict::Retry:
      case Verdict::Throttled:
      case Verdict::Misconfigured:
      case Verdict::BadEncoding:
        pause_sink(index, answer);
        break;
      case Verdict::TooLarge:
      case Verdict::Refused:
      case Verdict::Partial:
        hold_feed(index, answer);
        break;
    }
    if (stopping_) {
      come_to_rest();
    } else {
      send_next();
    }
  }

  void confirmed(std::size_t index) {
    Feed& feed = feeds_[index];
    const BlockPtr block = std::exchange(feed.block, nullptr);
    buffer_.confirm(feed.id.flow, feed.id.sink, Sequence(0), block->last());
    feed.after = block->last();
    pace_.reset();
    outage_.over();
    feed.outage.over();
    {
      const MutexLock lock(mutex_);
      ++counts_.blocks;
      counts_.records += block->count;
      counts_.bytes += block->data.size();
      counts_.last_error.clear();
    }
    fetch(index);
  }

  // Nothing would get through now: neither this block nor another.
  void pause_sink(std::size_t index, const Answer& answer) {
    const auto time = pace_.after(answer);
    note_failure(answer);
    outage_.failed(answer, describe(*feeds_[index].block), time);
    turn_ = index;  // the same block again: its turn was of no use to it
    paused_ = true;
    wait(pause_, time, [](Worker& self) {
      self.paused_ = false;
      self.send_next();
    });
  }

  // The destination is there but does not take this block. Its flow must wait, because its order
  // must not change; the others need not.
  void hold_feed(std::size_t index, const Answer& answer) {
    Feed& feed = feeds_[index];
    const auto time = pace_.after(answer);
    note_failure(answer);
    outage_.over();
    pace_.reset();
    feed.outage.failed(answer, describe(*feed.block), time);
    feed.held = true;
    wait(feed.pause, time, [index](Worker& self) {
      self.feeds_[index].held = false;
      self.send_next();
    });
  }

  void note_failure(const Answer& answer) {
    const MutexLock lock(mutex_);
    ++counts_.retries;
    counts_.last_error = answer.detail;
  }

  static std::string describe(const Block& block) {
    return "first_seq=" + std::to_string(number(block.first)) +
           " records=" + std::to_string(block.count) +
           " bytes=" + std::to_string(block.data.size());
  }

  template <class Then>
  void wait(asio::steady_timer& timer, std::chrono::milliseconds time, Then then) {
    if (stopping_) {
      return;
    }
    timer.expires_after(time);
    timer.async_wait([self = shared_from_this(), then](const boost::system::error_code& cancelled) {
      if (!cancelled && !self->stopping_) {
        then(*self);
      }
    });
  }

  // --- the end ---

  void come_to_rest() {
    pause_.cancel();
    for (Feed& feed : feeds_) {
      feed.pause.cancel();
    }
    if (!busy_) {
      transport_->cancel();  // nothing is under way: it only closes its connection
    }
  }

  void give_up() {
    come_to_rest();
    transport_.reset();
    busy_ = false;
  }

  asio::io_context& io_;
  const std::string name_;
  const BackoffOptions retry_;
  BlockReader& buffer_;
  std::atomic<bool> stopping_ = false;

  std::deque<Feed> feeds_;  // a deque, because timers and outages do not move
  std::size_t turn_ = 0;    // the feed that is asked first
  bool busy_ = false;       // a request is under way
  bool paused_ = false;     // the sink waits for its next attempt
  RetryPace pace_;
  Outage outage_;
  asio::steady_timer pause_;
  std::unique_ptr<Transport> transport_;
  std::shared_ptr<Mailbox> mailbox_;

  mutable Mutex mutex_;
  DispatcherCounts counts_ SLUICE_GUARDED_BY(mutex_);
};

Dispatcher::Dispatcher(asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
                       std::unique_ptr<Transport> transport)
    : worker_(std::make_shared<Worker>(io, std::move(options), buffer, std::move(transport))) {
}

Dispatcher::~Dispatcher() {
  Worker::abandon(std::move(worker_));
}

void Dispatcher::start() {
  worker_->start();
}

void Dispatcher::stop() {
  worker_->stop();
}

DispatcherCounts Dispatcher::counts() const {
  return worker_->counts();
}

}  // namespace sluice
