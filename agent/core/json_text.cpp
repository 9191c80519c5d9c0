#include "core/json_text.h"

#include "core/utf8.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace sluice {
namespace {

// The character after the backslash, 'u' for the long form, 0 if the byte stands for itself.
constexpr std::array<char, 256> kEscape = [] {
  std::array<char, 256> table{};
  for (std::size_t control = 0; control < 0x20; ++control) {
    table.at(control) = 'u';
  }
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char base64_digit(std::uint32_t group, unsigned shift) {
  return kBase64Digits[(group >> shift) & 0x3FU];
}

template <class Number>
void append_floating(Number number, std::string& out) {
  constexpr auto kLargestWithoutExponent = static_cast<Number>(1e15);
  if (!std::isfinite(number)) {
    out += "null";
    return;
  }
  std::array<char, 32> digits{};
  char* const last = digits.data() + digits.size();
  const auto end =
      std::abs(number) < kLargestWithoutExponent
          ? std::to_chars(digits.data(), last, number).ptr
          : std::to_chars(digits.data(), last, number, std::chars_format::scientific).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

void append_escaped(std::string_view utf8, std::string& out) {
  std::size_t copied = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const char escape = kEscape[byte];
    if (escape == 0) continue;
    out.append(utf8.substr(copied, i - copied));
    copied = i + 1;
    out += '\\';
    out += escape;
    if (escape == 'u') {
      out += "00";
      out += kHexDigits[byte >> 4U];
      out += kHexDigits[byte & 0xFU];
    }
  }
  out.append(utf8.substr(copied));
}

void append_base64(std::string_view bytes, std::string& out) {
  const auto byte = [bytes](std::size_t i) -> std::uint32_t {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  std::size_t at = out.size();
  out.resize(at + (bytes.size() + 2) / 3 * 4, '=');
  for (std::size_t i = 0; i < bytes.size(); i += 3, at += 4) {
    const std::uint32_t group = (byte(i) << 16U) | (byte(i + 1) << 8U) | byte(i + 2);
    out[at] = base64_digit(group, 18);
    out[at + 1] = base64_digit(group, 12);
    if (i + 1 < bytes.size()) out[at + 2] = base64_digit(group, 6);
    if (i + 2 < bytes.size()) out[at + 3] = base64_digit(group, 0);
  }
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  if (is_utf8(text)) {
    append_escaped(text, out);
  } else {
    for (const char c : text) {
      const bool ascii = static_cast<unsigned char>(c) < 0x80;
      append_escaped(ascii ? std::string_view(&c, 1) : "\uFFFD", out);
    }
  }
  out += '"';
  return out;
}

void append_number(double number, std::string& out) {
  append_floating(number, out);
}

void append_number(float number, std::string& out) {
  append_floating(number, out);
}

}  // namespace sluice
