// Values as JSON text: the one place that knows what must be escaped and how numbers look.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// Appends valid UTF-8 with everything escaped that JSON does not allow within a string.
void append_escaped(std::string_view utf8, std::string& out);

void append_base64(std::string_view bytes, std::string& out);

// `text` with quotes around it. A byte that is not ASCII becomes U+FFFD if `text` is not UTF-8.
std::string quoted(std::string_view text);

template <std::integral Number>
void append_number(Number number, std::string& out) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

// The shortest text that is read as the same number; null if it is infinite or not a number. Large
// ones have an exponent, because many parsers refuse integers of more than 64 bits.
void append_number(double number, std::string& out);
void append_number(float number, std::string& out);

}  // namespace sluice
