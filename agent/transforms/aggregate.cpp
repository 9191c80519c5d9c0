#include "transforms/aggregate.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 10> kNames = {"min",   "max",  "avg",    "sum", "count",
                                                     "first", "last", "stddev", "p50", "p95"};

}  // namespace

std::string_view name_of(Aggregation function) {
  return kNames.at(static_cast<std::size_t>(function));
}

std::optional<Aggregation> aggregation(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  return found != kNames.end() ? std::optional(static_cast<Aggregation>(found - kNames.begin()))
                               : std::nullopt;
}

void Aggregate::clear() {
  count_ = 0;
  sum_ = 0;
  mean_ = 0;
  squares_ = 0;
  quantiles_.clear();
}

void Aggregate::add(double number, Timestamp time, bool stddev, bool quantiles) {
  const bool none = count_ == 0;
  ++count_;
  min_ = none ? number : std::min(min_, number);
  max_ = none ? number : std::max(max_, number);
  sum_ += number;
  if (none || time < first_at_) {
    first_ = number;
    first_at_ = time;
  }
  if (none || time >= last_at_) {
    last_ = number;
    last_at_ = time;
  }
  if (stddev) {
    const double before = number - mean_;
    mean_ += before / static_cast<double>(count_);
    squares_ += before * (number - mean_);
  }
  if (quantiles) {
    quantiles_.add(number);
  }
}

std::optional<double> Aggregate::value(Aggregation function) const {
  switch (function) {
    case Aggregation::Min:
      return min_;
    case Aggregation::Max:
      return max_;
    case Aggregation::Avg:
      return sum_ / static_cast<double>(count_);
    case Aggregation::Sum:
      return sum_;
    case Aggregation::Count:
      return static_cast<double>(count_);
    case Aggregation::First:
      return first_;
    case Aggregation::Last:
      return last_;
    case Aggregation::Stddev:
      return count_ > 1 ? std::optional(std::sqrt(squares_ / static_cast<double>(count_ - 1)))
                        : std::nullopt;
    case Aggregation::P50:
      return std::clamp(quantiles_.at(0.5), min_, max_);
    case Aggregation::P95:
      return std::clamp(quantiles_.at(0.95), min_, max_);
  }
  return std::nullopt;
}

void Aggregate::save(StateWriter& writer) const {
  writer.number(count_);
  if (count_ > 0) {
    for (const double number : {min_, max_, sum_, mean_, squares_, first_, last_}) {
      writer.real(number);
    }
    writer.time(first_at_.time_since_epoch());
    writer.time(last_at_.time_since_epoch());
    quantiles_.save(writer);
  }
}

void Aggregate::restore(StateReader& reader) {
  clear();
  count_ = reader.number();
  if (count_ > 0) {
    for (double* const number : {&min_, &max_, &sum_, &mean_, &squares_, &first_, &last_}) {
      *number = reader.real();
    }
    first_at_ = Timestamp(reader.time());
    last_at_ = Timestamp(reader.time());
    quantiles_.restore(reader);
  }
}

}  // namespace sluice
