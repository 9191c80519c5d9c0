// Quantiles of many numbers in little memory.
#pragma once

#include "transforms/state_bytes.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

// Counts numbers in buckets whose bounds grow by 2 %, so that a quantile is off by at most 1 % of
// its value. At most 256 buckets are kept, which is enough for numbers of one sign up to 160 times
// apart; beyond that, the two neighbours that hold the fewest numbers become one, and only what
// falls into them is less exact. The idea is DDSketch (Masson, Rim, Lee 2019).
class Quantiles {
 public:
  static constexpr double kError = 0.01;

  void clear() { buckets_.clear(); }
  void add(double number);  // finite

  // The smallest number that at least this part of all are not above. Something must have been
  // added.
  [[nodiscard]] double at(double part) const;

  void save(StateWriter& writer) const;
  void restore(StateReader& reader);

 private:
  static constexpr std::size_t kMostBuckets = 256;
  struct Bucket {
    std::int32_t index;  // in the order of the numbers, see the .cpp file
    std::uint32_t count;
  };

  void merge_two();

  std::vector<Bucket> buckets_;  // in order
};

}  // namespace sluice
