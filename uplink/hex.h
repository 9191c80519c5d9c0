// How an epoch is written.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// 16 digits.
inline std::string hex_of(std::uint64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = text.size(); i-- > 0; number >>= 4U) {
    text[i] = kDigits[number & 0xFU];
  }
  return text;
}

}  // namespace sluice
