// A position in one of the configuration's files.
#pragma once

#include <compare>
#include <string>
#include <tuple>

namespace sluice::configuration {

struct Place {
  int line = 0;    // from 1; 0: nowhere in particular
  int column = 0;  // from 1, in bytes
  int file = 0;    // its number in Findings

  bool operator==(const Place&) const = default;
  std::strong_ordering operator<=>(const Place& other) const {
    return std::tie(file, line, column) <=> std::tie(other.file, other.line, other.column);
  }
};

// The path of what stands under `name` in the section at `path`.
inline std::string below(const std::string& path, const std::string& name) {
  return path.empty() ? name : path + '.' + name;
}

}  // namespace sluice::configuration
