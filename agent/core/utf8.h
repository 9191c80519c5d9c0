// Text as bytes: UTF-8 (RFC 3629) and control characters.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace sluice {

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// The second, third or fourth byte of a character.
constexpr bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// Bytes of the character at the front of `text`, which must not be empty; nothing if it is not
// valid UTF-8.
std::optional<std::size_t> character_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace sluice
