// How long blocks have been stored. Private to buffers/.
#pragma once

#include "core/clock.h"
#include "core/ids.h"

#include <chrono>
#include <deque>
#include <string>
#include <string_view>

namespace sluice {

// The age of one flow's blocks, for its limit. It is measured by a clock of the store's own: the
// time the agent has been running, and between two runs what the wall clock says, at most a day.
// So neither a device that starts in 1970 nor one that wakes up ten years ahead loses what it
// holds; the price is that a device which was off for a month keeps its blocks for longer.
//
// Blocks have no column for their age: every 64th of the limit is noted up to which sequence they
// had been stored by then. So blocks may be put together, and one is as old as its last record. One
// thread.
class AgeLimit {
 public:
  // `saved` is what save() returned in an earlier run; anything else counts as nothing.
  AgeLimit(std::chrono::milliseconds limit, std::string_view saved, Timestamp wall, Instant now);

  // By now everything up to `through` has been stored, and the newest block begins at `newest`.
  void note(Sequence newest, Sequence through, Instant now);

  // Up to where blocks have reached the limit since the last call; 0 if none has.
  Sequence expired(Instant now);

  // When to call these two again at the latest, if anything is stored.
  [[nodiscard]] std::chrono::milliseconds interval() const;

  [[nodiscard]] bool changed() const { return changed_; }
  [[nodiscard]] std::string save(Timestamp wall, Instant now);

 private:
  struct Mark {
    Sequence through{};
    std::chrono::milliseconds at;  // by our own clock
  };

  [[nodiscard]] std::chrono::milliseconds time(Instant now) const;

  std::chrono::milliseconds limit_;
  std::chrono::milliseconds before_{0};  // our clock when the agent started
  Instant start_;
  std::deque<Mark> marks_;
  Sequence noted_{};  // also by marks that are gone
  bool changed_ = false;
};

}  // namespace sluice
