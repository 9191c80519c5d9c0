// Holds a JSON value against what is expected of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class MatchKind {
  Partial,  // objects may have more members than are expected
  Exact,
};

// What differs, each as a line that begins with the path; nothing if they match. Numbers are equal
// by value. Both are valid JSON.
std::vector<std::string> json_differences(std::string_view expected, std::string_view actual,
                                          MatchKind kind);

// The items of a JSON list, each as JSON text; nothing of anything else.
std::vector<std::string> json_items(std::string_view list);

}  // namespace sluice
