// How long to wait before a block is tried again.
#pragma once

#include "core/backoff.h"
#include "core/transport.h"

#include <chrono>
#include <cstdint>
#include <random>

namespace sluice {

// One thread at a time.
class RetryPace {
 public:
  // No destination may ask for more: it might not mean it.
  static constexpr std::chrono::milliseconds kLongestWish = std::chrono::hours(1);

  explicit RetryPace(BackoffOptions options, std::uint64_t seed = std::random_device{}())
      : options_(options), backoff_(options, seed) {}

  // What the destination asks for, plus at most `initial` so that a fleet does not return in step
  // and "0" does not become a busy loop. Otherwise what cannot get better by itself waits `max`,
  // and everything else backs off. `answer` is not Confirmed.
  std::chrono::milliseconds after(const Answer& answer);

  // The destination has confirmed something: start from the beginning.
  void reset() { backoff_.reset(); }

 private:
  BackoffOptions options_;
  Backoff backoff_;
};

}  // namespace sluice
