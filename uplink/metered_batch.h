// When to use a link that is paid for by use and by connection.
#pragma once

#include "core/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

// Blocks wait until there are enough of them or the first one has waited long enough, and then go
// out one behind the other: a modem is woken once instead of with every block. One thread at a
// time.
class MeteredBatch {
 public:
  static constexpr std::uint64_t kEnoughBytes = 64ULL * 1024;
  static constexpr std::chrono::minutes kLongEnough{15};
  static constexpr std::chrono::seconds kLook{10};  // how often to see whether there is more

  // About `bytes` are waiting. How long to go on waiting; 0: send all of it.
  std::chrono::milliseconds wait(std::uint64_t bytes, Instant now) {
    since_ = since_.value_or(now);
    const auto waited = now - *since_;
    if (bytes >= kEnoughBytes || waited >= kLongEnough) {
      since_.reset();
      return std::chrono::milliseconds(0);
    }
    return std::min<std::chrono::milliseconds>(
        kLook, std::chrono::ceil<std::chrono::milliseconds>(kLongEnough - waited));
  }

 private:
  std::optional<Instant> since_;
};

}  // namespace sluice
