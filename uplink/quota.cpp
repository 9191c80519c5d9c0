#include "uplink/quota.h"

#include <array>
#include <charconv>
#include <string_view>

namespace sluice {

namespace {

constexpr std::int32_t kFirstCredibleDate = 20200101;

std::int32_t month_of(std::int32_t date) {
  return date / 100;
}

}  // namespace

Quota::Quota(const std::string& stored) {
  std::array<std::uint64_t, 3> numbers{};
  const char* at = stored.data();
  const char* const end = at + stored.size();
  for (std::uint64_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) {
      return;
    }
    at = next == end ? end : next + 1;
  }
  constexpr std::uint64_t kLastDate = 99991231;
  if (numbers[0] <= kLastDate) {
    date_ = static_cast<std::int32_t>(numbers[0]);
    today_ = numbers[1];
    this_month_ = numbers[2];
  }
}

void Quota::see(std::int32_t today) {
  if (today == date_ || today < kFirstCredibleDate) {
    return;
  }
  if (today > date_) {
    today_ = 0;
    this_month_ = month_of(today) == month_of(date_) ? this_month_ : 0;
  }
  date_ = today;
}

void Quota::add(std::uint64_t bytes) {
  today_ += bytes;
  this_month_ += bytes;
}

std::string Quota::text() const {
  return std::to_string(date_) + ' ' + std::to_string(today_) + ' ' + std::to_string(this_month_);
}

}  // namespace sluice
