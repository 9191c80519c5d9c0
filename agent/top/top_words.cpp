#include "top/top_words.h"

#include "tools/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice {

namespace {

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
}

std::string scaled(double number) {
  constexpr std::array<char, 4> kUnits{'k', 'M', 'G', 'T'};
  constexpr double kStep = 1000;
  std::size_t unit = 0;
  for (number /= kStep; number >= kStep && unit + 1 < kUnits.size(); ++unit) {
    number /= kStep;
  }
  return number < 100 ? fmt::format("{:.1f}{}", number, kUnits.at(unit))
                      : fmt::format("{:.0f}{}", number, kUnits.at(unit));
}

}  // namespace

std::string short_span(double seconds) {
  struct Unit {
    std::uint64_t seconds;
    const char* name;
  };
  constexpr std::array<Unit, 4> kUnits{{{86'400, "d"}, {3'600, "h"}, {60, "m"}, {1, "s"}}};
  constexpr double kLongest = 1000.0 * 86'400;
  if (seconds >= kLongest) {
    return "years";
  }
  if (seconds > 0 && seconds < 0.95) {
    return fmt::format("{:.0f}ms", std::max(1.0, seconds * 1000));
  }
  if (seconds > 0 && seconds < 9.95) {
    return fmt::format("{:.1f}s", seconds);
  }
  const auto whole = static_cast<std::uint64_t>(std::max(0.0, std::round(seconds)));
  for (std::size_t i = 0; i + 1 < kUnits.size(); ++i) {
    const Unit& unit = kUnits.at(i);
    const Unit& next = kUnits.at(i + 1);
    if (whole >= unit.seconds) {
      return fmt::format("{}{}{}{}", whole / unit.seconds, unit.name,
                         whole % unit.seconds / next.seconds, next.name);
    }
  }
  return fmt::format("{}s", whole);
}

std::string short_span(std::optional<double> seconds) {
  return seconds ? short_span(*seconds) : "-";
}

std::string short_rate(std::optional<double> rate) {
  if (!rate) {
    return "-";
  }
  if (*rate == 0) {
    return "0";
  }
  if (*rate < 100) {
    return fmt::format("{:.{}f}", *rate, *rate < 1 ? 2 : 1);
  }
  return short_count(static_cast<std::uint64_t>(std::llround(*rate)));
}

std::string short_count(std::uint64_t count) {
  constexpr std::uint64_t kLongest = 100'000;
  return count < kLongest ? grouped(count) : scaled(static_cast<double>(count));
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    columns += begins_character(c) ? 1U : 0U;
  }
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    seen += begins_character(text[i]) ? 1U : 0U;
    if (seen > columns) {
      return std::string(text.substr(0, i));
    }
  }
  return std::string(text);
}

std::string left(std::string_view text, std::size_t columns) {
  std::string cell = cut_to(text, columns);
  cell.append(columns - columns_of(cell), ' ');
  return cell;
}

std::string right(std::string_view text, std::size_t columns) {
  const std::string cell = cut_to(text, columns);
  return std::string(columns - columns_of(cell), ' ') + cell;
}

}  // namespace sluice
