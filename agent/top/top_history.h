// How fast records came and went between one look at the agent and the next.
#pragma once

#include "core/clock.h"
#include "top/top_agent.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// One thread at a time.
class TopHistory {
 public:
  static constexpr std::size_t kMost = 200;  // looks that are kept: as wide as a plot gets

  struct Rates {
    std::vector<double> in;  // records a second, the oldest first
    std::vector<double> out;
  };

  void add(Instant now, const TopAgent& agent);

  // Empty before the second look.
  [[nodiscard]] const Rates& of(const std::string& flow) const;

 private:
  struct Track {
    Rates rates;
    std::uint64_t arrived = 0;
    std::uint64_t served = 0;
  };

  std::map<std::string, Track> flows_;
  std::optional<Instant> last_;
};

// Of the latest `width` values; 0: there are none.
double highest(const std::vector<double>& values, std::size_t width);

// A line of `width` characters for the latest values, from 0 to `top`: in blocks ▁▂▃▄▅▆▇█, or in
// ASCII.
std::string sparkline(const std::vector<double>& values, std::size_t width, double top,
                      bool unicode);

}  // namespace sluice
