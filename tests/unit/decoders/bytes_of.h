// Bytes written as hex.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace sluice {

inline std::string bytes_of(std::string_view hex) {
  const auto digit = [](char c) -> unsigned {
    constexpr std::string_view kDigits = "0123456789abcdef";
    const std::size_t value = kDigits.find(c);
    if (value == std::string_view::npos) {
      throw std::invalid_argument("not hex");
    }
    return static_cast<unsigned>(value);
  };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return bytes;
}

}  // namespace sluice
