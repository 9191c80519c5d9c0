// Bytes per calendar day and month.
#pragma once

#include "uplink/timekeeper.h"

#include <cstdint>
#include <string>

namespace sluice {

// Counts into the day that the calendar shows. A calendar that goes back changes the day without
// emptying the counts, so that nobody gets a new allowance by setting the clock; one that stands
// before 2020 has not been set yet and changes nothing. One thread at a time.
class Quota {
 public:
  // `stored` is what text() gave; anything else counts from 0.
  explicit Quota(const std::string& stored = "");

  // Turns the page if a new day or month has begun. `today` as in LocalTime::date.
  void see(std::int32_t today);
  void add(std::uint64_t bytes);

  [[nodiscard]] std::uint64_t today() const { return today_; }
  [[nodiscard]] std::uint64_t this_month() const { return this_month_; }
  [[nodiscard]] std::string text() const;

 private:
  std::int32_t date_ = 0;
  std::uint64_t today_ = 0;
  std::uint64_t this_month_ = 0;
};

}  // namespace sluice
