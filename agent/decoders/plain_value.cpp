#include "decoders/plain_value.h"

#include "core/json_text.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <system_error>

namespace sluice {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Digits from `at` on, at least one; false if there is none.
bool skip_digits(std::string_view text, std::size_t& at) {
  const std::size_t start = at;
  while (at < text.size() && is_digit(text[at])) {
    ++at;
  }
  return at > start;
}

// RFC 8259, 6: [ minus ] int [ frac ] [ exp ]. `is_integer` is whether the last two are absent.
bool follows_grammar(std::string_view text, bool& is_integer) {
  std::size_t at = text.starts_with('-') ? 1U : 0U;
  const std::size_t first = at;
  if (!skip_digits(text, at) || (text[first] == '0' && at > first + 1)) {
    return false;
  }
  is_integer = at == text.size();
  if (at < text.size() && text[at] == '.' && !skip_digits(text, ++at)) {
    return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1U : 0U;
    if (!skip_digits(text, at)) {
      return false;
    }
  }
  return at == text.size();
}

template <class Number>
bool holds(std::string_view text) {
  Number number{};
  return std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

}  // namespace

bool is_json_number(std::string_view text) {
  bool is_integer = false;
  if (!follows_grammar(text, is_integer)) {
    return false;
  }
  if (!is_integer) {
    return holds<double>(text);
  }
  return text.starts_with('-') ? holds<std::int64_t>(text) : holds<std::uint64_t>(text);
}

void append_plain_value(std::string_view text, std::string& out) {
  if (is_json_number(text) || text == "true" || text == "false") {
    out += text;
  } else {
    append_string(text, out);
  }
}

void append_string(std::string_view utf8, std::string& out) {
  out += '"';
  append_escaped(utf8, out);
  out += '"';
}

}  // namespace sluice
