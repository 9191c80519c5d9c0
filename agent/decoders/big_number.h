// Integers that may need more than 64 bits, as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// The number `magnitude`, or -1 - magnitude.
struct BigNumber {
  std::uint64_t magnitude = 0;
  bool is_negative = false;
};

// As a number if it is one of 64 bits, signed or unsigned; else as a string of its digits, because
// parsers refuse longer numbers, or round them.
void append_big_number(BigNumber number, std::string& out);

// The same for a magnitude in big-endian bytes; false, and nothing appended, if there are too many.
bool append_big_number(std::string_view magnitude, bool is_negative, std::string& out);

}  // namespace sluice
