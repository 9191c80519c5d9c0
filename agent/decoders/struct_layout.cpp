#include "decoders/struct_layout.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

namespace sluice {
namespace {

constexpr const char* kTypes = "u8 to u64, i8 to i64, f32, f64, bool, string(N) or bytes(N)";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}

// A decimal number as a whole one and a power of ten. Beyond 15 digits it is not exact.
struct Decimal {
  double mantissa = 0;
  int decimals = 0;

  [[nodiscard]] double with_decimals(int more) const {
    return mantissa * std::pow(10.0, more - decimals);
  }
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<StructField> field(std::string name) {
    StructField field;
    field.name = std::move(name);
    const bool is_parsed = type(field) && place(field) && bits(field) && scale(field);
    skip_space();
    if (is_parsed && at_ < text_.size()) {
      fail("this is too much: after the place come bit N or bits N-M, * NUMBER, + NUMBER");
    }
    if (!error_.empty()) {
      return Error{Reaction::Reject, error_};
    }
    return field;
  }

 private:
  bool fail(const std::string& what) { return fail_at(at_, what); }

  bool fail_at(std::size_t at, const std::string& what) {
    if (error_.empty()) {
      error_ = "at character " + std::to_string(at + 1) + " of the layout: " + what;
    }
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') {
      ++at_;
    }
  }

  // After space; false if it is not there.
  bool take(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) {
      return false;
    }
    ++at_;
    return true;
  }

  std::string_view take_word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < text_.size() && is_letter(text_[at_])) {
      ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  bool take_whole(std::size_t largest, std::size_t& number) {
    skip_space();
    const char* const first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), number);
    if (error != std::errc() || number > largest) {
      return fail("a whole number up to " + std::to_string(largest) + " is missing here");
    }
    at_ += static_cast<std::size_t>(end - first);
    return true;
  }

  bool take_decimal(Decimal& number) {
    skip_space();
    const std::size_t start = at_;
    std::string digits;
    bool after_point = false;
    if (at_ < text_.size() && text_[at_] == '-') {
      digits += text_[at_++];
    }
    for (; at_ < text_.size() && (is_digit(text_[at_]) || (text_[at_] == '.' && !after_point));
         ++at_) {
      if (text_[at_] == '.') {
        after_point = true;
      } else {
        digits += text_[at_];
        number.decimals += after_point ? 1 : 0;
      }
    }
    constexpr std::size_t kMostDigits = 18;
    const bool is_number = !digits.empty() && is_digit(digits.back()) && text_[at_ - 1] != '.';
    if (!is_number || digits.size() > kMostDigits) {
      return fail_at(start, "a decimal number like 0.1 is missing here");
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), number.mantissa);
    return true;
  }

  bool type(StructField& field) {
    skip_space();
    const std::size_t start = at_;
    const std::string_view word = take_word();
    if (word == "bool") {
      field.type = StructType::Boolean;
      return endian(field);
    }
    if (word == "string" || word == "bytes") {
      field.type = word == "string" ? StructType::Text : StructType::Bytes;
      return length(field) && endian(field);
    }
    if (word != "u" && word != "i" && word != "f") {
      return fail_at(start, std::string("a type is missing here: ") + kTypes);
    }
    const bool is_float = word == "f";
    field.type = word == "u" ? StructType::Unsigned : StructType::Signed;
    field.type = is_float ? StructType::Float : field.type;
    std::size_t width = 0;
    const bool is_known = at_ < text_.size() && is_digit(text_[at_]) && take_whole(64, width) &&
                          width >= 8 && width % (is_float ? 32 : 8) == 0;
    if (!is_known) {
      error_.clear();
      return fail_at(start, std::string("there is no such type: ") + kTypes);
    }
    field.bytes = width / 8;
    return endian(field);
  }

  bool length(StructField& field) {
    constexpr std::size_t kLongest = 64UL * 1024;
    if (!take('(')) {
      return fail("a length is missing here, as in string(8)");
    }
    if (!take_whole(kLongest, field.bytes)) {
      return false;
    }
    if (field.bytes == 0 || !take(')')) {
      return fail("a length is a number from 1 in parentheses, as in string(8)");
    }
    return true;
  }

  bool endian(StructField& field) {
    skip_space();
    const std::size_t start = at_;
    const std::string_view word = take_word();
    if (word.empty()) {
      return true;
    }
    if (word != "be" && word != "le") {
      return fail_at(start, "here comes be or le, or the place as @0");
    }
    field.big_endian = word == "be";
    return true;
  }

  bool place(StructField& field) {
    if (!take('@')) {
      return fail("the place is missing here: write @ and the number of the first byte, from 0");
    }
    return take_whole(kLargestStructOffset, field.offset);
  }

  bool bits(StructField& field) {
    skip_space();
    const std::size_t start = at_;
    const std::string_view word = take_word();
    if (word.empty()) {
      return true;
    }
    if (word != "bit" && word != "bits") {
      return fail_at(start, "this word is not known here: write bit N, or bits N-M");
    }
    if (field.type != StructType::Unsigned && field.type != StructType::Signed) {
      return fail_at(start, "only integers have bits");
    }
    const std::size_t last_bit = 8 * field.bytes - 1;
    std::size_t first = 0;
    if (!take_whole(last_bit, first)) {
      return false;
    }
    std::size_t last = first;
    field.is_flag = word == "bit";
    if (!field.is_flag && (!take('-') || !take_whole(last_bit, last) || last < first)) {
      return fail("bits are written lowest-highest, as in bits 4-7");
    }
    field.first_bit = static_cast<unsigned>(first);
    field.bits = static_cast<unsigned>(last - first + 1);
    return true;
  }

  bool scale(StructField& field) {
    skip_space();
    const std::size_t start = at_;
    Decimal factor{.mantissa = 1};
    Decimal addend;
    const bool has_factor = take('*');
    if (has_factor && !take_decimal(factor)) {
      return false;
    }
    const bool is_minus = take('-');
    const bool has_addend = is_minus || take('+');
    if (has_addend && !take_decimal(addend)) {
      return false;
    }
    if (!has_factor && !has_addend) {
      return true;
    }
    const bool is_number = field.type == StructType::Unsigned || field.type == StructType::Signed ||
                           field.type == StructType::Float;
    if (!is_number || field.is_flag) {
      return fail_at(start, "only numbers can be scaled");
    }
    const int decimals = std::max(factor.decimals, addend.decimals);
    field.is_scaled = true;
    field.factor = factor.with_decimals(decimals);
    field.addend = is_minus ? -addend.with_decimals(decimals) : addend.with_decimals(decimals);
    field.divisor = std::pow(10.0, decimals);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

std::size_t StructLayout::needed() const {
  std::size_t end = 0;
  for (const StructField& field : fields) {
    end = std::max(end, field.offset + field.bytes);
  }
  return end;
}

Result<StructField> parse_struct_field(std::string name, std::string_view text) {
  return Parser(text).field(std::move(name));
}

}  // namespace sluice
