// How often values fell into which range.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice {

// Small and without memory of its own, so that a snapshot is a copy. One thread at a time.
class Histogram {
 public:
  static constexpr std::size_t kMostBounds = 15;

  // A value belongs to the first bound that is not below it. Rising; they outlive the histogram.
  explicit constexpr Histogram(std::span<const double> bounds) : bounds_(bounds) {
    assert(bounds.size() <= kMostBounds);
  }

  void add(double value, std::uint64_t times = 1) {
    const auto place = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    counts_.at(static_cast<std::size_t>(place)) += times;
    count_ += times;
    sum_ += value * static_cast<double>(times);
  }

  [[nodiscard]] std::span<const double> bounds() const { return bounds_; }
  // Values of the range that ends with bound `i`; of those above every bound for the one behind.
  [[nodiscard]] std::uint64_t in_range(std::size_t i) const { return counts_.at(i); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::array<std::uint64_t, kMostBounds + 1> counts_{};
  std::uint64_t count_ = 0;
  double sum_ = 0;
};

}  // namespace sluice
