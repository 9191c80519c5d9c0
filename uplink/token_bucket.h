// Keeps a stream of bytes to a rate.
#pragma once

#include "core/clock.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace sluice {

// The size of a request is known when it has been sent, so it is paid for afterwards: the balance
// may go below zero, and nothing is sent until it is back. In any time t at most rate * t + burst
// bytes and one request go out. One thread at a time.
class TokenBucket {
 public:
  TokenBucket(std::uint64_t bytes_per_second, std::uint64_t burst, Instant now)
      : rate_(static_cast<double>(bytes_per_second)),
        burst_(static_cast<double>(burst == 0 ? bytes_per_second : burst)),
        updated_(now) {}

  void spend(std::uint64_t bytes, Instant now) {
    update(now);
    balance_ -= static_cast<double>(bytes);
  }

  // Time until something may be sent; 0: now.
  std::chrono::milliseconds wait(Instant now) {
    update(now);
    if (balance_ >= 0) {
      return std::chrono::milliseconds(0);
    }
    constexpr double kMillisecondsPerSecond = 1000;
    return std::chrono::milliseconds(
        static_cast<std::int64_t>(std::ceil(-balance_ / rate_ * kMillisecondsPerSecond)));
  }

 private:
  void update(Instant now) {
    const std::chrono::duration<double> passed = now - updated_;
    balance_ = std::min(burst_, balance_ + passed.count() * rate_);
    updated_ = now;
  }

  double rate_;
  double burst_;
  double balance_ = 0;  // nothing is saved up at the start: a crash loop must not outrun the limit
  Instant updated_;
};

}  // namespace sluice
