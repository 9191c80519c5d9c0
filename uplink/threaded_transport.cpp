#include "uplink/threaded_transport.h"

#include "core/mutex.h"
#include "uplink/doorbell.h"
#include "uplink/pending_answer.h"
#include "uplink/step_deadline.h"

#include <pthread.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): sigset_t is POSIX
#include <sys/prctl.h>

#include <condition_variable>
#include <thread>
#include <utility>

namespace sluice {

namespace {

// Records are never assigned anew, so these three name what has to be written.
bool same(const BlockPtr& one, const BlockPtr& other) {
  return one && other && one->flow == other->flow && one->first == other->first &&
         one->count == other->count;
}

class ThreadedTransport final : public Transport {
 public:
  ThreadedTransport(boost::asio::io_context& io, std::unique_ptr<BlockWork> work,
                    std::chrono::milliseconds timeout)
      : timeout_(timeout),
        answer_(io),
        deadline_(io),
        bell_(io, [this] { finished(); }),
        work_(std::move(work)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }
  ~ThreadedTransport() override { thread_ = {}; }  // before what it uses
  ThreadedTransport(const ThreadedTransport&) = delete;
  ThreadedTransport& operator=(const ThreadedTransport&) = delete;

  void send(const Shipment& shipment, AnswerHandler then) override {
    wanted_ = shipment.block;
    answer_.expect(std::move(then));
    bell_.listen();
    deadline_.set(timeout_, [this] { give_up("it could not be written in time"); });
    const MutexLock lock(mutex_);
    if (same(done_, wanted_) && outcome_.verdict == Verdict::Confirmed) {
      bell_.ring();  // an attempt that was given up has succeeded since
      return;
    }
    done_ = nullptr;
    if (!same(current_, wanted_)) {
      next_ = wanted_;
      wake_.notify_one();
    }
  }

  void cancel() override {
    give_up("given up");
    deadline_.close();
  }

 private:
  // --- the uplink's thread ---

  void give_up(const char* why) {
    {
      const MutexLock lock(mutex_);
      next_ = nullptr;
    }
    wanted_ = nullptr;
    stop_waiting();
    answer_.give(Verdict::Retry, why);
  }

  void stop_waiting() {
    bell_.rest();
    deadline_.clear();
  }

  void finished() {
    Answer outcome;
    {
      const MutexLock lock(mutex_);
      if (!same(done_, wanted_)) {
        return;  // of an attempt that was given up
      }
      outcome = std::exchange(outcome_, {});
      done_ = nullptr;
    }
    wanted_ = nullptr;
    stop_waiting();
    answer_.give(std::move(outcome));
  }

  // --- the writing thread ---

  void run(const std::stop_token& stop) {
    prctl(PR_SET_NAME, "writer");
    // A pipe without a reader is an error to report, not the end of the agent.
    sigset_t broken_pipe{};
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    while (!stop.stop_requested()) {
      if (const BlockPtr block = take(stop)) {
        Answer outcome = work_->write(block, stop);
        {
          const MutexLock lock(mutex_);
          current_ = nullptr;
          done_ = block;
          outcome_ = std::move(outcome);
        }
        bell_.ring();
      } else if (const auto at = work_->next_idle(); at && *at <= clock_.elapsed()) {
        work_->idle();
      }
    }
  }

  // The next block; nothing when it is time for something else.
  BlockPtr take(const std::stop_token& stop) {
    const auto idle_at = work_->next_idle();
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return next_ != nullptr; };
    if (idle_at) {
      wake_.wait_until(lock, stop, *idle_at, ready);
    } else {
      wake_.wait(lock, stop, ready);
    }
    current_ = std::exchange(next_, nullptr);
    return current_;
  }

  const std::chrono::milliseconds timeout_;
  SystemClock clock_;
  PendingAnswer answer_;
  StepDeadline deadline_;
  BlockPtr wanted_;  // its answer is expected
  Doorbell bell_;

  Mutex mutex_;
  std::condition_variable_any wake_;
  BlockPtr next_ SLUICE_GUARDED_BY(mutex_);
  BlockPtr current_ SLUICE_GUARDED_BY(mutex_);  // being written
  BlockPtr done_ SLUICE_GUARDED_BY(mutex_);     // and what came out of it
  Answer outcome_ SLUICE_GUARDED_BY(mutex_);

  std::unique_ptr<BlockWork> work_;
  std::jthread thread_;
};

}  // namespace

std::unique_ptr<Transport> make_threaded_transport(boost::asio::io_context& io,
                                                   std::unique_ptr<BlockWork> work,
                                                   std::chrono::milliseconds timeout) {
  return std::make_unique<ThreadedTransport>(io, std::move(work), timeout);
}

}  // namespace sluice
