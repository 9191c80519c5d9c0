// What many numbers are together.
#pragma once

#include "core/clock.h"
#include "transforms/quantiles.h"
#include "transforms/state_bytes.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

enum class Aggregation : std::uint8_t {
  Min,
  Max,
  Avg,
  Sum,
  Count,
  First,   // by time
  Last,    // by time
  Stddev,  // of a sample; none for a single number
  P50,     // see Quantiles for how exact
  P95,
};

// As they are written in a configuration.
std::string_view name_of(Aggregation function);
std::optional<Aggregation> aggregation(std::string_view name);

// Of one field in one window.
class Aggregate {
 public:
  void clear();
  // What costs more than a few additions is done only if it is asked for.
  void add(double number, Timestamp time, bool stddev, bool quantiles);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  // Something must have been added. Nothing if there is no such number.
  [[nodiscard]] std::optional<double> value(Aggregation function) const;

  void save(StateWriter& writer) const;
  void restore(StateReader& reader);

 private:
  std::uint64_t count_ = 0;
  double min_ = 0;
  double max_ = 0;
  double sum_ = 0;
  double mean_ = 0;     // these two as by Welford, which large values do not make inexact
  double squares_ = 0;  // of the differences from the mean
  double first_ = 0;
  double last_ = 0;
  Timestamp first_at_;
  Timestamp last_at_;
  Quantiles quantiles_;
};

}  // namespace sluice
