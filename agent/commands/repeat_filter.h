// Which log lines say nothing new.
#pragma once

#include "core/clock.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Of lines that differ only in their numbers, the first few in a minute are written, the rest are
// counted. One thread at a time.
class RepeatFilter {
 public:
  struct Repeated {
    int level = 0;
    std::string text;  // the last of them, and how many there were
  };

  explicit RepeatFilter(const Clock& clock) : clock_(clock) {}

  // Whether to write the line.
  bool admit(int level, std::string_view text);

  // What has been held back in minutes that are over; or all of it, at the end.
  std::vector<Repeated> due(bool all = false);

  static constexpr unsigned kWritten = 3;
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::size_t kMostKinds = 1'000;  // lines beyond them are written

 private:
  struct Kind {
    int level = 0;
    Instant begun;
    unsigned written = 0;
    std::uint64_t held_back = 0;
    std::string last;
  };

  const Clock& clock_;
  std::map<std::string, Kind, std::less<>> kinds_;
};

}  // namespace sluice
