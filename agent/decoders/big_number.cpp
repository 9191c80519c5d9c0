#include "decoders/big_number.h"

#include "core/json_text.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace sluice {
namespace {

constexpr std::size_t kMostBytes = 128;  // work grows with the square

// Decimal digits, the lowest first, times 256, plus `byte`.
void shift_in(std::string& digits, unsigned byte) {
  unsigned carry = byte;
  for (char& digit : digits) {
    carry += static_cast<unsigned>(digit - '0') * 256;
    digit = static_cast<char>('0' + carry % 10);
    carry /= 10;
  }
  for (; carry > 0; carry /= 10) {
    digits += static_cast<char>('0' + carry % 10);
  }
}

void add_one(std::string& digits) {
  for (char& digit : digits) {
    if (digit != '9') {
      ++digit;
      return;
    }
    digit = '0';
  }
  digits += '1';
}

}  // namespace

void append_big_number(BigNumber number, std::string& out) {
  constexpr auto kLargest = std::uint64_t(std::numeric_limits<std::int64_t>::max());
  if (!number.is_negative) {
    append_number(number.magnitude, out);
  } else if (number.magnitude <= kLargest) {
    append_number(-1 - static_cast<std::int64_t>(number.magnitude), out);
  } else if (number.magnitude == std::numeric_limits<std::uint64_t>::max()) {
    out += R"("-18446744073709551616")";
  } else {
    out += "\"-";
    append_number(number.magnitude + 1, out);
    out += '"';
  }
}

bool append_big_number(std::string_view magnitude, bool is_negative, std::string& out) {
  magnitude.remove_prefix(std::min(magnitude.find_first_not_of('\0'), magnitude.size()));
  if (magnitude.size() > kMostBytes) {
    return false;
  }
  if (magnitude.size() <= sizeof(std::uint64_t)) {
    BigNumber number{.is_negative = is_negative};
    for (const char byte : magnitude) {
      number.magnitude = (number.magnitude << 8U) | static_cast<unsigned char>(byte);
    }
    append_big_number(number, out);
    return true;
  }
  std::string digits;
  for (const char byte : magnitude) {
    shift_in(digits, static_cast<unsigned char>(byte));
  }
  if (is_negative) {
    add_one(digits);
  }
  out += is_negative ? "\"-" : "\"";
  out.append(digits.rbegin(), digits.rend());
  out += '"';
  return true;
}

}  // namespace sluice
