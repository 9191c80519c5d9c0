#include "transforms/values.h"

#include "core/json_text.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <system_error>

namespace sluice {
namespace {

// Four hexadecimal digits behind \u. The text is valid JSON.
std::uint32_t code_unit(std::string_view digits) {
  std::uint32_t unit = 0;
  std::from_chars(digits.data(), digits.data() + 4, unit, 16);
  return unit;
}

void append_utf8(std::uint32_t code, std::string& out) {
  const auto byte = [&out](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0U | (code >> 6U));
    byte(0x80U | (code & 0x3FU));
  } else if (code < 0x10000) {
    byte(0xE0U | (code >> 12U));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  } else {
    byte(0xF0U | (code >> 18U));
    byte(0x80U | ((code >> 12U) & 0x3FU));
    byte(0x80U | ((code >> 6U) & 0x3FU));
    byte(0x80U | (code & 0x3FU));
  }
}

// `at` is behind "\u" and moves behind what was read: a character above U+FFFF is written as two
// (RFC 8259, section 7).
std::uint32_t code_point(std::string_view text, std::size_t& at) {
  const std::uint32_t unit = code_unit(text.substr(at));
  at += 4;
  if (unit < 0xD800 || unit > 0xDBFF || text.substr(at, 2) != "\\u") {
    return unit;
  }
  const std::uint32_t low = code_unit(text.substr(at + 2));
  at += 6;
  return 0x10000U + ((unit - 0xD800U) << 10U) + (low - 0xDC00U);
}

char meant_by(char escape) {
  switch (escape) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return escape;
  }
}

}  // namespace

std::optional<double> number_in(std::string_view json) {
  double number = 0;
  const char* const end = json.data() + json.size();
  const auto [rest, error] = std::from_chars(json.data(), end, number);
  // What from_chars takes and JSON has no numbers for begins with a letter, a sign before one, …
  const bool digits = !json.empty() && json.back() >= '0' && json.back() <= '9';
  return error == std::errc() && rest == end && digits ? std::optional(number) : std::nullopt;
}

std::string_view bare(std::string_view json) {
  return is_string(json) ? json.substr(1, json.size() - 2) : json;
}

std::optional<std::string_view> text_in(std::string_view json, std::string& scratch) {
  if (!is_string(json)) {
    return std::nullopt;
  }
  const std::string_view text = bare(json);
  if (text.find('\\') == std::string_view::npos) {
    return text;
  }
  scratch.clear();
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at++];
    if (c != '\\') {
      scratch += c;
    } else if (const char escape = text[at++]; escape == 'u') {
      append_utf8(code_point(text, at), scratch);
    } else {
      scratch += meant_by(escape);
    }
  }
  return scratch;
}

std::string key_text(std::string_view name) {
  std::string key;
  append_escaped(name, key);
  return key;
}

std::vector<std::string> key_texts(const std::vector<std::string>& names) {
  std::vector<std::string> keys;
  std::ranges::transform(names, std::back_inserter(keys), key_text);
  return keys;
}

std::string_view put_number(double number, Arena& arena) {
  std::string& text = arena.scratch();
  append_number(number, text);
  return arena.put(text);
}

std::string_view put_text(std::string_view utf8, Arena& arena) {
  std::string& text = arena.scratch();
  text += '"';
  append_escaped(utf8, text);
  text += '"';
  return arena.put(text);
}

}  // namespace sluice
