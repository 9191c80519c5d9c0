// Whose block is sent next.
#pragma once

#include "uplink/feed.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice {

struct Turn {
  std::size_t feed = 0;
  LaneName lane = LaneName::Main;
};

// Flows take turns. What is fresh goes ahead of a backlog, which has what is left of the line, but
// never less than its share of the bytes. One thread at a time.
class Turns {
 public:
  Turns(std::size_t feeds, std::uint32_t live_share_percent)
      : feeds_(feeds), live_share_(live_share_percent) {}

  // `ready` tells the size of the block that a lane could send; nullopt: none.
  template <class Ready>
  std::optional<Turn> pick(Ready ready) {
    const std::optional<Turn> fresh = first(LaneName::Main, ready);
    const std::optional<Turn> backlog = first(LaneName::Backlog, ready);
    contested_ = fresh && backlog;
    if (!contested_) {
      return fresh ? fresh : backlog;
    }
    return backlog_credit_ >= *ready(*backlog) ? backlog : fresh;
  }

  // The turn that was picked last has cost so much.
  void paid(const Turn& turn, std::uint64_t bytes) {
    if (turn.lane == LaneName::Backlog) {
      backlog_credit_ -= std::min(backlog_credit_, bytes);
    } else if (contested_) {
      backlog_credit_ = std::min(
          kMostCredit, backlog_credit_ + bytes * (100 - live_share_) / std::max(live_share_, 1U));
    }
  }

  // The same flow again: its turn was of no use to it.
  void again(const Turn& turn) { next_.at(static_cast<std::size_t>(turn.lane)) = turn.feed; }
  // It is another flow's turn.
  void over(const Turn& turn) { next_.at(static_cast<std::size_t>(turn.lane)) = turn.feed + 1; }

 private:
  static constexpr std::uint64_t kMostCredit = 64ULL * 1024 * 1024;

  template <class Ready>
  std::optional<Turn> first(LaneName lane, Ready ready) const {
    const std::size_t start = next_.at(static_cast<std::size_t>(lane));
    for (std::size_t i = 0; i < feeds_; ++i) {
      const Turn turn{(start + i) % feeds_, lane};
      if (ready(turn)) {
        return turn;
      }
    }
    return std::nullopt;
  }

  std::size_t feeds_;
  std::uint32_t live_share_;
  std::array<std::size_t, 2> next_{};  // by lane
  std::uint64_t backlog_credit_ = 0;   // bytes
  bool contested_ = false;
};

}  // namespace sluice
