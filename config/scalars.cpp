#include "config/scalars.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace sluice::configuration {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 5> kDurations{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

constexpr std::int64_t kKi = 1024;
constexpr std::array<Unit, 10> kSizes{{{"B", 1},
                                       {"KiB", kKi},
                                       {"MiB", kKi* kKi},
                                       {"GiB", kKi* kKi* kKi},
                                       {"TiB", kKi* kKi* kKi* kKi},
                                       {"kB", 1'000},
                                       {"KB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000}}};

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

struct Number {
  std::int64_t value;
  std::string_view rest;
};

// Nothing if there is no number in front.
std::optional<Result<Number>> leading_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc::result_out_of_range) {
    return wrong("is too large");
  }
  if (problem != std::errc{}) {
    return std::nullopt;
  }
  return Number{value, text.substr(static_cast<std::size_t>(end - text.data()))};
}

// What is being parsed, for messages.
struct Measure {
  std::string_view what;
  std::string_view examples;
  std::string_view usual_unit;
  std::span<const Unit> units;
};

Result<std::int64_t> parse_measure(std::string_view text, const Measure& measure) {
  const auto parsed = leading_number(text);
  const std::string advice =
      ": write a whole number and a unit, for example " + std::string(measure.examples);
  if (!parsed) {
    return wrong("is not a " + std::string(measure.what) + advice);
  }
  if (!*parsed) {
    return parsed->error();
  }
  const Number number = **parsed;
  if (number.value < 0) {
    return wrong("must not be negative");
  }
  if (number.rest.empty()) {
    return wrong("has no unit: did you mean " + std::to_string(number.value) +
                 std::string(measure.usual_unit) + "?");
  }
  const auto* const unit =
      std::find_if(measure.units.data(), measure.units.data() + measure.units.size(),
                   [&](const Unit& each) { return each.name == number.rest; });
  if (unit == measure.units.data() + measure.units.size()) {
    return wrong((number.rest.front() == ' ' ? "has a space in it" : "has no known unit") + advice);
  }
  if (number.value > std::numeric_limits<std::int64_t>::max() / unit->factor) {
    return wrong("is too large");
  }
  return number.value * unit->factor;
}

// The largest unit that divides the value; of equal ones the first.
std::string measure_text(std::int64_t value, std::span<const Unit> units) {
  Unit best = units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0 && unit.factor > best.factor) {
      best = unit;
    }
  }
  return std::to_string(value / best.factor) + std::string(best.name);
}

}  // namespace

Result<std::int64_t> parse_integer(std::string_view text) {
  const auto parsed = leading_number(text);
  if (parsed && !*parsed) {
    return parsed->error();
  }
  if (!parsed || !(*parsed)->rest.empty()) {
    return wrong("is not a whole number");
  }
  return (*parsed)->value;
}

Result<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "false") {
    return text == "true";
  }
  return wrong("must be true or false");
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_measure(
      text, {"duration", "250ms, 10s, 5m, 2h or 7d", "s", std::span<const Unit>(kDurations)});
  if (!value) {
    return value.error();
  }
  return std::chrono::milliseconds(*value);
}

Result<std::int64_t> parse_size(std::string_view text) {
  return parse_measure(text,
                       {"size", "64KiB, 1MiB, 2GiB or 1MB", "MiB", std::span<const Unit>(kSizes)});
}

std::string duration_text(std::chrono::milliseconds duration) {
  return duration.count() == 0 ? "0s" : measure_text(duration.count(), kDurations);
}

std::string size_text(std::int64_t bytes) {
  return measure_text(bytes, std::span<const Unit>(kSizes).first(5));
}

}  // namespace sluice::configuration
