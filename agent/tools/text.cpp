#include "tools/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace sluice {

namespace {

namespace chrono = std::chrono;

Error not_a_time(std::string_view text) {
  return {Reaction::Reject, fmt::format("{} is not a time: write 2026-11-21T09:15:02Z, 2026-11-21, "
                                        "or an age like 36h or 7d",
                                        text)};
}

// The digits at the beginning of `text`, which loses them and the mark behind them.
std::optional<unsigned> take_number(std::string_view& text, std::size_t digits, char mark) {
  unsigned number = 0;
  if (text.size() < digits) {
    return std::nullopt;
  }
  const auto [end, failed] = std::from_chars(text.data(), text.data() + digits, number);
  if (failed != std::errc() || end != text.data() + digits) {
    return std::nullopt;
  }
  text.remove_prefix(digits);
  if (!text.empty() && text.front() == mark) {
    text.remove_prefix(1);
  }
  return number;
}

std::optional<Timestamp> parse_date(std::string_view text) {
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
  }
  const auto year = take_number(text, 4, '-');
  const auto month = take_number(text, 2, '-');
  const auto day = take_number(text, 2, text.size() > 2 && text[2] == 'T' ? 'T' : ' ');
  if (!year || !month || !day) {
    return std::nullopt;
  }
  const chrono::year_month_day date{chrono::year(static_cast<int>(*year)), chrono::month(*month),
                                    chrono::day(*day)};
  std::array<unsigned, 3> clock{};  // hours, minutes, seconds
  constexpr std::array<unsigned, 3> kEnds{24, 60, 60};
  for (std::size_t i = 0; i < clock.size() && !text.empty(); ++i) {
    const auto part = take_number(text, 2, ':');
    if (!part || *part >= kEnds.at(i)) {
      return std::nullopt;
    }
    clock.at(i) = *part;
  }
  if (!date.ok() || !text.empty()) {
    return std::nullopt;
  }
  return chrono::sys_days(date) + chrono::hours(clock[0]) + chrono::minutes(clock[1]) +
         chrono::seconds(clock[2]);
}

std::optional<chrono::seconds> parse_age(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), count);
  constexpr std::uint64_t kMost = 1'000'000;
  if (failed != std::errc() || end + 1 != text.data() + text.size() || count > kMost) {
    return std::nullopt;
  }
  const auto amount = static_cast<std::int64_t>(count);
  switch (*end) {
    case 's':
      return chrono::seconds(amount);
    case 'm':
      return chrono::minutes(amount);
    case 'h':
      return chrono::hours(amount);
    case 'd':
      return chrono::days(amount);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<Timestamp> parse_time(std::string_view text, Timestamp now) {
  if (const auto age = parse_age(text)) {
    return now - *age;
  }
  if (const auto date = parse_date(text)) {
    return *date;
  }
  return not_a_time(text);
}

std::string time_text(Timestamp time) {
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(chrono::floor<chrono::seconds>(time - day));
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  constexpr double kStep = 1024;
  if (bytes < 1024) {
    return fmt::format("{} B", bytes);
  }
  auto size = static_cast<double>(bytes) / kStep;
  std::size_t unit = 0;
  while (size >= kStep && unit + 1 < kUnits.size()) {
    size /= kStep;
    ++unit;
  }
  return fmt::format("{:.1f} {}", size, kUnits.at(unit));
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string TextTable::text() const {
  std::vector<std::size_t> widths(columns_.size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += i == 0 ? "" : "  ";
      line += columns_[i] == Align::Left ? fmt::format("{:<{}}", row[i], widths[i])
                                         : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  return out;
}

}  // namespace sluice
