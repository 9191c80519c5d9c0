#include "commands/json_match.h"

#include <simdjson.h>

#include <cmath>

namespace sluice {

namespace {

namespace dom = simdjson::dom;

// What a sum of decimal fractions may be off by.
constexpr double kEqualWithin = 1e-9;

bool is_number(const dom::element& value) {
  return value.is_int64() || value.is_uint64() || value.is_double();
}

bool equal_numbers(const dom::element& one, const dom::element& other) {
  if (one.is_int64() && other.is_int64()) {
    return one.get_int64().value_unsafe() == other.get_int64().value_unsafe();
  }
  const double left = one.get_double().value_unsafe();
  const double right = other.get_double().value_unsafe();
  return std::abs(left - right) <= kEqualWithin * std::max({1.0, std::abs(left), std::abs(right)});
}

class Comparison {
 public:
  explicit Comparison(MatchKind kind) : kind_(kind) {}

  void compare(const dom::element& expected, const dom::element& actual, const std::string& path) {
    if (expected.is_object() && actual.is_object()) {
      compare_objects(expected.get_object().value_unsafe(), actual.get_object().value_unsafe(),
                      path);
    } else if (expected.is_array() && actual.is_array()) {
      compare_arrays(expected.get_array().value_unsafe(), actual.get_array().value_unsafe(), path);
    } else if (is_number(expected) && is_number(actual)) {
      report_unless(equal_numbers(expected, actual), expected, actual, path);
    } else {
      report_unless(simdjson::minify(expected) == simdjson::minify(actual), expected, actual, path);
    }
  }

  std::vector<std::string> differences;

 private:
  void compare_objects(const dom::object& expected, const dom::object& actual,
                       const std::string& path) {
    for (const auto& [key, value] : expected) {
      dom::element found;
      const std::string below = path + (path.empty() ? "" : ".") + std::string(key);
      if (actual.at_key(key).get(found) != simdjson::SUCCESS) {
        differences.push_back(below + ": expected " + simdjson::minify(value) + ", is missing");
      } else {
        compare(value, found, below);
      }
    }
    if (kind_ == MatchKind::Partial) {
      return;
    }
    for (const auto& [key, value] : actual) {
      dom::element found;
      if (expected.at_key(key).get(found) != simdjson::SUCCESS) {
        differences.push_back(path + (path.empty() ? "" : ".") + std::string(key) +
                              ": not expected, got " + simdjson::minify(value));
      }
    }
  }

  void compare_arrays(const dom::array& expected, const dom::array& actual,
                      const std::string& path) {
    if (expected.size() != actual.size()) {
      differences.push_back(path + ": expected " + std::to_string(expected.size()) +
                            " items, got " + std::to_string(actual.size()));
      return;
    }
    std::size_t at = 0;
    auto other = actual.begin();
    for (const dom::element item : expected) {
      compare(item, *other, path + '[' + std::to_string(at++) + ']');
      ++other;
    }
  }

  void report_unless(bool equal, const dom::element& expected, const dom::element& actual,
                     const std::string& path) {
    if (!equal) {
      differences.push_back(path + ": expected " + simdjson::minify(expected) + ", got " +
                            simdjson::minify(actual));
    }
  }

  MatchKind kind_;
};

}  // namespace

std::vector<std::string> json_differences(std::string_view expected, std::string_view actual,
                                          MatchKind kind) {
  dom::parser first;
  dom::parser second;
  dom::element left;
  dom::element right;
  if (first.parse(simdjson::padded_string(expected)).get(left) != simdjson::SUCCESS ||
      second.parse(simdjson::padded_string(actual)).get(right) != simdjson::SUCCESS) {
    return {"is not JSON: " + std::string(actual)};
  }
  Comparison comparison(kind);
  comparison.compare(left, right, "");
  return std::move(comparison.differences);
}

std::vector<std::string> json_items(std::string_view list) {
  std::vector<std::string> items;
  dom::parser parser;
  dom::array array;
  if (parser.parse(simdjson::padded_string(list)).get_array().get(array) == simdjson::SUCCESS) {
    for (const dom::element item : array) {
      items.push_back(simdjson::minify(item));
    }
  }
  return items;
}

}  // namespace sluice
