// Whether a destination is believed to be there.
#pragma once

#include <cstdint>

namespace sluice {

enum class BreakerState {
  Closed,    // it is
  Open,      // it is not: nothing is sent until the next attempt
  HalfOpen,  // one block finds out
};

// One thread at a time.
class CircuitBreaker {
 public:
  static constexpr std::uint64_t kMostFailures = 5;

  // `for_good`: it will not get better by itself, so there is no need to count.
  void failed(bool for_good) {
    ++failures_;
    if (for_good || failures_ >= kMostFailures || state_ != BreakerState::Closed) {
      state_ = BreakerState::Open;
    }
  }
  // A block is sent.
  void attempt() { state_ = state_ == BreakerState::Open ? BreakerState::HalfOpen : state_; }
  // It has answered sensibly, whatever it thinks of the block.
  void answered() {
    failures_ = 0;
    state_ = BreakerState::Closed;
  }

  [[nodiscard]] BreakerState state() const { return state_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }  // in a row

 private:
  BreakerState state_ = BreakerState::Closed;
  std::uint64_t failures_ = 0;
};

}  // namespace sluice
