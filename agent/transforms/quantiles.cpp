#include "transforms/quantiles.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

constexpr double kGrowth = (1 + Quantiles::kError) / (1 - Quantiles::kError);
const double kLogOfGrowth = std::log(kGrowth);

// Bucket 0 is for 0 and what is as good as that. The one of a positive number is the logarithm of
// its upper bound, moved so that it is above 0 for the smallest; negative numbers have the same
// below 0.
constexpr std::int32_t kMiddle = 40'000;
constexpr double kSmallest = std::numeric_limits<double>::min();

std::int32_t index_of(double number) {
  const double size = std::abs(number);
  if (size < kSmallest) {
    return 0;
  }
  const auto index = static_cast<std::int32_t>(std::ceil(std::log(size) / kLogOfGrowth)) + kMiddle;
  return number < 0 ? -index : index;
}

double number_of(std::int32_t index) {
  if (index == 0) {
    return 0;
  }
  const double upper = std::exp((std::abs(index) - kMiddle) * kLogOfGrowth);
  return std::copysign(upper * (2 / (kGrowth + 1)), index);
}

}  // namespace

void Quantiles::add(double number) {
  const std::int32_t index = index_of(number);
  const auto at = std::ranges::lower_bound(buckets_, index, {}, &Bucket::index);
  if (at != buckets_.end() && at->index == index) {
    ++at->count;
    return;
  }
  buckets_.insert(at, {index, 1});
  if (buckets_.size() > kMostBuckets) {
    merge_two();
  }
}

void Quantiles::merge_two() {
  const auto sum = [this](std::size_t i) {
    return std::uint64_t{buckets_[i].count} + buckets_[i + 1].count;
  };
  std::size_t fewest = 0;
  for (std::size_t i = 1; i + 1 < buckets_.size(); ++i) {
    if (sum(i) < sum(fewest)) {
      fewest = i;
    }
  }
  // It stays where most of its numbers are.
  Bucket& one = buckets_[fewest];
  const Bucket& other = buckets_[fewest + 1];
  one.index = one.count > other.count ? one.index : other.index;
  one.count += other.count;
  buckets_.erase(buckets_.begin() + static_cast<std::ptrdiff_t>(fewest) + 1);
}

double Quantiles::at(double part) const {
  std::uint64_t all = 0;
  for (const Bucket& bucket : buckets_) {
    all += bucket.count;
  }
  const auto wanted = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(all)));
  std::uint64_t seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= wanted) {
      return number_of(bucket.index);
    }
  }
  return number_of(buckets_.back().index);
}

void Quantiles::save(StateWriter& writer) const {
  writer.number(buckets_.size());
  std::int32_t last = 0;
  for (const Bucket& bucket : buckets_) {
    writer.integer(bucket.index - last);
    writer.number(bucket.count);
    last = bucket.index;
  }
}

void Quantiles::restore(StateReader& reader) {
  buckets_.clear();
  std::int32_t last = 0;
  for (std::uint64_t left = reader.number(); left > 0 && reader.good(); --left) {
    last += static_cast<std::int32_t>(reader.integer());
    buckets_.push_back({last, static_cast<std::uint32_t>(reader.number())});
  }
}

}  // namespace sluice
