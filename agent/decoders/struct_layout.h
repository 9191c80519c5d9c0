// Where the values of a binary payload are, and how that is written.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class StructType { Unsigned, Signed, Float, Boolean, Text, Bytes };

struct StructField {
  std::string name;
  StructType type = StructType::Unsigned;
  std::size_t offset = 0;
  std::size_t bytes = 1;
  std::optional<bool> big_endian;  // else as the layout says
  unsigned first_bit = 0;          // of an integer: 0 is the lowest
  unsigned bits = 0;               // 0: all of them
  bool is_flag = false;            // one bit, as true or false

  // The value is (what is read * factor + addend) / divisor: in this form decimal fractions like
  // 0.1 come out as one would write them.
  bool is_scaled = false;
  double factor = 1;
  double addend = 0;
  double divisor = 1;
};

struct StructLayout {
  bool big_endian = false;
  std::size_t start = 0;  // bytes before the first record, which are not read
  std::size_t size = 0;   // of each record, as many as there are; 0: one record
  std::vector<StructField> fields;

  // Bytes that a record must have.
  [[nodiscard]] std::size_t needed() const;
};

// Farther away than any payload is long.
constexpr std::size_t kLargestStructOffset = 16UL * 1024 * 1024;

// TYPE [be|le] @OFFSET [bit N | bits N-M] [* NUMBER] [+ NUMBER | - NUMBER], where TYPE is one of
// u8, u16, u24 … u64, i8 … i64, f32, f64, bool, string(N), bytes(N). Rejects with a sentence that
// says at which character what is wrong.
Result<StructField> parse_struct_field(std::string name, std::string_view text);

}  // namespace sluice
