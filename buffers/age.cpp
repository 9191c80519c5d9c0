#include "buffers/age.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace sluice {

namespace {

using std::chrono::milliseconds;

constexpr int kMarks = 64;  // within the limit
constexpr milliseconds kMostBetweenRuns = std::chrono::hours(24);

// Numbers with one space between them; nothing if it is anything else.
std::optional<std::vector<std::int64_t>> parse(std::string_view text) {
  std::vector<std::int64_t> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(at, end, value);
    if (error != std::errc() || (rest != end && *rest != ' ')) {
      return std::nullopt;
    }
    numbers.push_back(value);
    at = rest == end ? end : rest + 1;
  }
  return numbers;
}

}  // namespace

// Saved are our clock and the wall clock at that time, and two numbers for each mark.
AgeLimit::AgeLimit(milliseconds limit, std::string_view saved, Timestamp wall, Instant now)
    : limit_(limit), start_(now) {
  const auto numbers = parse(saved);
  if (!numbers || numbers->size() < 2 || numbers->size() % 2 != 0) {
    return;
  }
  const milliseconds between = wall.time_since_epoch() - milliseconds((*numbers)[1]);
  before_ = milliseconds((*numbers)[0]) + std::clamp(between, milliseconds(0), kMostBetweenRuns);
  for (std::size_t i = 2; i < numbers->size(); i += 2) {
    marks_.push_back({Sequence((*numbers)[i]), milliseconds((*numbers)[i + 1])});
    noted_ = std::max(noted_, marks_.back().through);
  }
}

milliseconds AgeLimit::time(Instant now) const {
  return before_ + std::chrono::duration_cast<milliseconds>(now - start_);
}

milliseconds AgeLimit::interval() const {
  return std::max(limit_ / kMarks, milliseconds(1));
}

void AgeLimit::note(Sequence newest, Sequence through, Instant now) {
  if (newest <= noted_ || (!marks_.empty() && time(now) - marks_.back().at < interval())) {
    return;
  }
  marks_.push_back({through, time(now)});
  noted_ = through;
  changed_ = true;
}

Sequence AgeLimit::expired(Instant now) {
  Sequence through{};
  while (!marks_.empty() && time(now) - marks_.front().at >= limit_) {
    through = std::max(through, marks_.front().through);
    marks_.pop_front();
    changed_ = true;
  }
  return through;
}

std::string AgeLimit::save(Timestamp wall, Instant now) {
  changed_ = false;
  std::string text =
      std::to_string(time(now).count()) + ' ' + std::to_string(wall.time_since_epoch().count());
  for (const Mark& mark : marks_) {
    text += ' ' + std::to_string(number(mark.through)) + ' ' + std::to_string(mark.at.count());
  }
  return text;
}

}  // namespace sluice
