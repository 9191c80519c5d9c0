// Waiting times between attempts: exponential, capped, with full jitter, so that a fleet of agents
// that lost the same server does not come back in step. (M. Brooker, "Exponential Backoff And
// Jitter", AWS Architecture Blog, 2015: sleep = random(0, min(cap, base * 2^attempt)).)
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace sluice {

struct BackoffOptions {
  std::chrono::milliseconds initial{1'000};  // upper bound of the first wait
  std::chrono::milliseconds max{60'000};     // upper bound of every wait
};

// One thread at a time.
class Backoff {
 public:
  explicit Backoff(BackoffOptions options, std::uint64_t seed = std::random_device{}())
      : options_(options), random_(seed) {}

  // The time to wait before the next attempt. Never less than a tenth of the current bound, so that
  // an unlucky draw does not become a busy loop.
  std::chrono::milliseconds next() {
    const auto ceiling = std::min(options_.max, bound_.count() == 0 ? options_.initial : bound_);
    bound_ = std::min(options_.max, ceiling * 2);
    ++attempts_;
    std::uniform_int_distribution<std::int64_t> wait(ceiling.count() / 10, ceiling.count());
    return std::chrono::milliseconds(wait(random_));
  }

  // An attempt has succeeded: start from the beginning.
  void reset() {
    bound_ = std::chrono::milliseconds(0);
    attempts_ = 0;
  }

  [[nodiscard]] std::uint64_t attempts() const { return attempts_; }

 private:
  BackoffOptions options_;
  std::mt19937_64 random_;
  std::chrono::milliseconds bound_{0};
  std::uint64_t attempts_ = 0;
};

}  // namespace sluice
