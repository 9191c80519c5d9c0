// Words one after the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

inline std::string joined(const std::vector<std::string>& words, std::string_view between = ", ") {
  std::string text;
  for (const std::string& word : words) {
    text.append(text.empty() ? std::string_view() : between).append(word);
  }
  return text;
}

}  // namespace sluice
