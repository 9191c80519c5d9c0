#include "decoders/cbor_decoder.h"

#include "core/json_text.h"
#include "decoders/big_number.h"
#include "decoders/item_reader.h"
#include "decoders/original.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
namespace {

enum class Major : unsigned { Unsigned, Negative, Bytes, Text, Array, Map, Tag, Other };

constexpr unsigned kIndefinite = 31;
constexpr char kBreak = '\xFF';

double half_to_double(std::uint64_t bits) {
  const auto exponent = static_cast<int>((bits >> 10U) & 0x1FU);
  const auto fraction = static_cast<double>(bits & 0x3FFU);
  double value = std::ldexp(fraction + 1024, exponent - 25);
  if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else if (exponent == 31) {
    value = std::numeric_limits<double>::infinity();  // or not a number, which becomes the same
  }
  return (bits & 0x8000U) != 0 ? -value : value;
}

class CborReader final : public ItemReader {
 private:
  // The first byte of an item, and the number that belongs to it.
  struct Head {
    Major major = Major::Other;
    unsigned info = 0;
    std::uint64_t argument = 0;

    [[nodiscard]] bool is_indefinite() const { return info == kIndefinite; }
    [[nodiscard]] std::optional<std::uint64_t> count() const {
      return is_indefinite() ? std::nullopt : std::optional(argument);
    }
  };

  [[nodiscard]] std::string_view malformed() const override { return "invalid_cbor"; }

  std::optional<Head> take_head() {
    constexpr unsigned kFirstLong = 24;
    constexpr unsigned kFirstReserved = 28;
    const auto byte = take_number(1);
    if (!byte) {
      return std::nullopt;
    }
    Head head{.major = Major(*byte >> 5U), .info = static_cast<unsigned>(*byte & 0x1FU)};
    if (head.info < kFirstLong) {
      head.argument = head.info;
    } else if (head.info < kFirstReserved) {
      const auto argument = take_number(std::size_t(1) << (head.info - kFirstLong));
      if (!argument) {
        return std::nullopt;
      }
      head.argument = *argument;
    } else if (head.info != kIndefinite) {
      return std::nullopt;
    }
    return head;
  }

  bool read_item() override {
    const auto head = take_head();
    if (!head) {
      return mistake();
    }
    switch (head->major) {
      case Major::Unsigned:
      case Major::Negative:
        return read_integer(*head);
      case Major::Bytes:
      case Major::Text:
        return read_string(*head);
      case Major::Array:
        return read_array(head->count());
      case Major::Map:
        return read_map(head->count());
      case Major::Tag:
        return read_tagged(*head);
      case Major::Other:
        return read_other(*head);
    }
    return mistake();
  }

  bool read_integer(const Head& head) {
    if (head.is_indefinite()) {
      return mistake();
    }
    append_big_number({head.argument, head.major == Major::Negative}, out());
    return true;
  }

  // The content is left in `string_` if it came in pieces.
  std::optional<std::string_view> take_string(const Head& head) {
    if (!head.is_indefinite()) {
      return take(head.argument);
    }
    string_.clear();
    while (!at_end()) {
      const auto piece = take_head();
      if (!piece || piece->major != head.major || piece->is_indefinite()) {
        return std::nullopt;
      }
      const auto bytes = take(piece->argument);
      if (!bytes || (head.major == Major::Text && !is_valid_utf8(*bytes))) {
        return std::nullopt;
      }
      string_ += *bytes;
    }
    return string_;
  }

  bool read_string(const Head& head) {
    const auto string = take_string(head);
    if (!string || (head.major == Major::Text && !is_valid_utf8(*string))) {
      return mistake();
    }
    if (head.major == Major::Text) {
      write_text(*string);
    } else {
      write_bytes(*string);
    }
    return true;
  }

  bool read_tagged(const Head& tag) {
    constexpr std::uint64_t kPositiveBignum = 2;
    constexpr std::uint64_t kNegativeBignum = 3;
    if (tag.is_indefinite()) {
      return mistake();
    }
    const bool is_bignum = tag.argument == kPositiveBignum || tag.argument == kNegativeBignum;
    const bool has_bytes = !rest().empty() && static_cast<unsigned char>(rest()[0]) >> 5U ==
                                                  static_cast<unsigned>(Major::Bytes);
    if (!is_bignum || !has_bytes) {
      return read_inner();
    }
    const auto head = take_head();
    const auto bytes = head ? take_string(*head) : std::nullopt;
    if (!bytes) {
      return mistake();
    }
    if (!append_big_number(*bytes, tag.argument == kNegativeBignum, out())) {
      write_bytes(*bytes);
    }
    return true;
  }

  bool read_other(const Head& head) {
    constexpr unsigned kFalse = 20;
    constexpr unsigned kTrue = 21;
    constexpr unsigned kSimple = 24;
    constexpr std::uint64_t kFirstLongSimple = 32;
    switch (head.info) {
      case kFalse:
        out() += "false";
        return true;
      case kTrue:
        out() += "true";
        return true;
      case 25:
        append_number(half_to_double(head.argument), out());
        return true;
      case 26:
        append_number(std::bit_cast<float>(static_cast<std::uint32_t>(head.argument)), out());
        return true;
      case 27:
        append_number(std::bit_cast<double>(head.argument), out());
        return true;
      case kIndefinite:  // a break where none may be
        return mistake();
      default:
        if (head.info == kSimple && head.argument < kFirstLongSimple) {
          return mistake();
        }
        out() += "null";
        return true;
    }
  }

  // Of a container or string without a count. Takes the mark of the end.
  bool at_end() override {
    if (!rest().starts_with(kBreak)) {
      return false;
    }
    take(1);
    return true;
  }

  std::string string_;
};

}  // namespace

std::unique_ptr<Decoder> make_cbor_decoder() {
  return make_item_decoder(std::make_unique<CborReader>());
}

}  // namespace sluice
