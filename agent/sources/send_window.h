// When owed acknowledgements should not wait for the regular tick.
#pragma once

#include "core/clock.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>

namespace sluice {

// A broker sends only so many messages ahead of their acknowledgements, and does not say how many:
// the Receive Maximum is ours, but it may have a limit of its own, from 1 to thousands. When that
// is reached it falls silent, and every moment until the next commit is lost. Committing at once
// whenever it is silent would be simple, and would wear out the flash where messages are merely
// slow. So this class watches how the stream goes on:
//  - Messages that arrive while n are owed prove that n does not exhaust the window. Silence with
//    more than that owed, and with more than `few`, is taken for an exhausted window after `quiet`.
//  - Silence with no more than was proven is suspicious only after kLongSilence: a window may
//  shrink
//    (mosquitto 2.0.11 exceeds it at first). If messages then come promptly once they are
//    acknowledged, proofs no longer count on this connection.
//  - A window of `few` or less: if, three times in a row, messages come promptly after an
//    acknowledgement and stop when the same number is owed, that number is the window, and is
//    hurried as soon as it is reached.
// One per connection. One thread at a time.
class SendWindow {
 public:
  using Duration = std::chrono::milliseconds;
  static constexpr Duration kLongSilence{100};
  static constexpr Duration kPrompt{100};  // acknowledgement to next message, through the network

  SendWindow(Duration quiet, std::size_t few) : quiet_(quiet), few_(few) {}

  // Messages have arrived while `owed` earlier ones were not acknowledged.
  void arrived(Instant now, std::size_t owed) {
    const bool acknowledged_since = acknowledged_at_ > arrived_at_;
    if (!acknowledged_since) {
      proven_ = std::max(proven_, owed);
      if (owed >= suspect_) times_ = 0;
    } else if (now - acknowledged_at_ <= kPrompt) {
      resumed_promptly();
    } else {
      times_ = 0;
    }
    arrived_at_ = now;
  }

  // Acknowledgements have been sent; `owed` were due before.
  void acknowledged(Instant now, std::size_t owed) {
    if (acknowledged_at_ > arrived_at_) return;  // the silence was ended by the first ones
    silence_ = now - arrived_at_;
    stopped_at_ = owed;
    acknowledged_at_ = now;
  }

  // For how long the stream must be silent before `owed` acknowledgements are hurried. Nothing:
  // they may wait for the tick.
  [[nodiscard]] std::optional<Duration> patience(std::size_t owed) const {
    if (owed > few_) {
      return unreliable_ || owed > proven_ ? quiet_ : std::max(quiet_, kLongSilence);
    }
    if (owed > 0 && owed == suspect_ && times_ >= kProof) return Duration(0);
    return std::nullopt;
  }

 private:
  static constexpr int kProof = 3;

  // The broker had stopped with stopped_at_ owed, and goes on now that it has been acknowledged.
  void resumed_promptly() {
    if (stopped_at_ > few_) {
      unreliable_ = unreliable_ || silence_ >= kLongSilence;
      return;
    }
    times_ = stopped_at_ == suspect_ ? times_ + 1 : 1;
    suspect_ = stopped_at_;
  }

  Duration quiet_;
  std::size_t few_;
  std::size_t proven_ = 0;
  bool unreliable_ = false;  // proven_ is
  std::size_t suspect_ = 0;  // may be the window
  int times_ = 0;            // in a row that it looked like it
  Instant arrived_at_{};
  Instant acknowledged_at_{};
  Instant::duration silence_{};  // before the acknowledgement
  std::size_t stopped_at_ = 0;
};

}  // namespace sluice
