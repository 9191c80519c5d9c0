#include "uplink/step_deadline.h"

#include <boost/asio/steady_timer.hpp>

#include <utility>

namespace sluice {

class StepDeadline::Timer : public std::enable_shared_from_this<StepDeadline::Timer> {
 public:
  explicit Timer(boost::asio::io_context& io) : timer_(io) {}

  void set(std::chrono::milliseconds from_now, std::function<void()> expired) {
    limit_ = std::chrono::steady_clock::now() + from_now;
    expired_ = std::move(expired);
    if (!runs_ || timer_.expiry() > limit_) {
      run();
    }
  }

  void clear() { expired_ = nullptr; }

  void close() {
    clear();
    timer_.cancel();
  }

 private:
  void run() {
    runs_ = true;
    timer_.expires_at(limit_);
    timer_.async_wait([self = shared_from_this(), ours = ++runs_so_far_](
                          const boost::system::error_code&) { self->fired(ours); });
  }

  // Cancelled or not makes no difference: only whether this is the latest run, and the time.
  void fired(std::uint64_t run_number) {
    if (run_number != runs_so_far_) {
      return;
    }
    runs_ = false;
    if (!expired_) {
      return;
    }
    if (std::chrono::steady_clock::now() < limit_) {
      run();
      return;
    }
    std::exchange(expired_, nullptr)();
  }

  boost::asio::steady_timer timer_;
  bool runs_ = false;
  std::uint64_t runs_so_far_ = 0;
  std::chrono::steady_clock::time_point limit_;
  std::function<void()> expired_;
};

StepDeadline::StepDeadline(boost::asio::io_context& io) : timer_(std::make_shared<Timer>(io)) {
}

// Cancelling a timer that exists does not throw, though Asio does not say so.
// NOLINTNEXTLINE(bugprone-exception-escape)
StepDeadline::~StepDeadline() {
  timer_->close();
}

void StepDeadline::set(std::chrono::milliseconds from_now, std::function<void()> expired) {
  timer_->set(from_now, std::move(expired));
}

void StepDeadline::clear() {
  timer_->clear();
}

void StepDeadline::close() {
  timer_->close();
}

}  // namespace sluice
