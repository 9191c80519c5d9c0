#include "decoders/msgpack_decoder.h"

#include "core/json_text.h"
#include "decoders/item_reader.h"
#include "decoders/original.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {
namespace {

constexpr std::uint32_t kNanoseconds = 1'000'000'000;

// As a decimal fraction. The nanoseconds count forwards, before 1970 as well.
void append_seconds(std::int64_t seconds, std::uint32_t nanoseconds, std::string& out) {
  if (seconds < 0 && nanoseconds > 0) {
    ++seconds;
    nanoseconds = kNanoseconds - nanoseconds;
    out += seconds == 0 ? "-" : "";
  }
  append_number(seconds, out);
  if (nanoseconds > 0) {
    const std::string digits = std::to_string(kNanoseconds + nanoseconds);  // "1" and nine digits
    out += '.';
    out.append(digits, 1, digits.find_last_not_of('0'));
  }
}

class MsgpackReader final : public ItemReader {
 private:
  [[nodiscard]] std::string_view malformed() const override { return "invalid_msgpack"; }

  bool read_item() override {
    const auto first = take_number(1);
    if (!first) {
      return mistake();
    }
    const auto byte = static_cast<unsigned>(*first);
    if (byte < 0x80) {
      append_number(byte, out());
      return true;
    }
    if (byte < 0x90) {
      return read_map(byte & 0x0FU);
    }
    if (byte < 0xA0) {
      return read_array(byte & 0x0FU);
    }
    if (byte < 0xC0) {
      return read_text(byte & 0x1FU);
    }
    if (byte >= 0xE0) {
      append_number(static_cast<int>(byte) - 0x100, out());
      return true;
    }
    return byte < 0xCA ? read_constant_or_bytes(byte) : read_number_or_more(byte);
  }

  // 0xC0 to 0xC9
  bool read_constant_or_bytes(unsigned byte) {
    switch (byte) {
      case 0xC0:
        out() += "null";
        return true;
      case 0xC2:
        out() += "false";
        return true;
      case 0xC3:
        out() += "true";
        return true;
      case 0xC4:
      case 0xC5:
      case 0xC6:
        return read_bytes(take_number(std::size_t(1) << (byte - 0xC4)));
      case 0xC7:
      case 0xC8:
      case 0xC9:
        return read_extension(take_number(std::size_t(1) << (byte - 0xC7)));
      default:
        return mistake();  // 0xC1 is never used
    }
  }

  // 0xCA to 0xDF
  bool read_number_or_more(unsigned byte) {
    switch (byte) {
      case 0xCA:
      case 0xCB:
        return read_float(byte == 0xCA ? sizeof(float) : sizeof(double));
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        return read_unsigned(std::size_t(1) << (byte - 0xCC));
      case 0xD0:
      case 0xD1:
      case 0xD2:
      case 0xD3:
        return read_signed(std::size_t(1) << (byte - 0xD0));
      case 0xD4:
      case 0xD5:
      case 0xD6:
      case 0xD7:
      case 0xD8:
        return read_extension(std::uint64_t(1) << (byte - 0xD4));
      case 0xD9:
      case 0xDA:
      case 0xDB:
        return read_text(take_number(std::size_t(1) << (byte - 0xD9)));
      case 0xDC:
      case 0xDD:
        return read_container(byte == 0xDC ? 2 : 4, false);
      default:
        return read_container(byte == 0xDE ? 2 : 4, true);
    }
  }

  bool read_container(std::size_t size_bytes, bool is_map) {
    const auto count = take_number(size_bytes);
    if (!count) {
      return mistake();
    }
    return is_map ? read_map(*count) : read_array(*count);
  }

  bool read_float(std::size_t bytes) {
    const auto bits = take_number(bytes);
    if (!bits) {
      return mistake();
    }
    if (bytes == sizeof(float)) {
      append_number(std::bit_cast<float>(static_cast<std::uint32_t>(*bits)), out());
    } else {
      append_number(std::bit_cast<double>(*bits), out());
    }
    return true;
  }

  bool read_unsigned(std::size_t bytes) {
    const auto number = take_number(bytes);
    if (!number) {
      return mistake();
    }
    append_number(*number, out());
    return true;
  }

  bool read_signed(std::size_t bytes) {
    const auto number = take_number(bytes);
    if (!number) {
      return mistake();
    }
    const std::size_t unused = 64 - 8 * bytes;
    append_number(static_cast<std::int64_t>(*number << unused) >> unused, out());
    return true;
  }

  bool read_text(std::optional<std::uint64_t> size) {
    const auto text = size ? take(*size) : std::nullopt;
    if (!text) {
      return mistake();
    }
    // Older encoders write everything as a string.
    if (is_valid_utf8(*text)) {
      write_text(*text);
    } else {
      write_bytes(*text);
    }
    return true;
  }

  bool read_bytes(std::optional<std::uint64_t> size) {
    const auto bytes = size ? take(*size) : std::nullopt;
    if (!bytes) {
      return mistake();
    }
    write_bytes(*bytes);
    return true;
  }

  bool read_extension(std::optional<std::uint64_t> size) {
    constexpr int kTimestamp = -1;
    const auto type = take_number(1);
    if (!size || !type || *size > rest().size()) {
      return mistake();
    }
    const auto kind = static_cast<std::int8_t>(*type);
    if (kind == kTimestamp && read_timestamp(*size)) {
      return true;
    }
    out() += R"({"ext":)";
    append_number(static_cast<int>(kind), out());
    out() += R"(,"base64":)";
    write_bytes(*take(*size));
    out() += '}';
    return true;
  }

  // False, with nothing taken, if it does not look like one. Its bytes are there.
  bool read_timestamp(std::uint64_t size) {
    constexpr unsigned kSecondsBits = 34;
    std::int64_t seconds = 0;
    std::uint64_t nanoseconds = 0;
    if (size == 4) {
      seconds = static_cast<std::int64_t>(*take_number(4));
    } else if (size == 8 && number_at(0) >> kSecondsBits < kNanoseconds) {
      const std::uint64_t both = *take_number(8);
      seconds = static_cast<std::int64_t>(both & ((std::uint64_t(1) << kSecondsBits) - 1));
      nanoseconds = both >> kSecondsBits;
    } else if (size == 12 && number_at(0) >> 32U < kNanoseconds) {
      nanoseconds = *take_number(4);
      seconds = static_cast<std::int64_t>(*take_number(8));
    } else {
      return false;
    }
    append_seconds(seconds, static_cast<std::uint32_t>(nanoseconds), out());
    return true;
  }

  // Eight bytes, which stay.
  [[nodiscard]] std::uint64_t number_at(std::size_t offset) const {
    std::uint64_t number = 0;
    for (const char digit : rest().substr(offset, 8)) {
      number = (number << 8U) | static_cast<unsigned char>(digit);
    }
    return number;
  }
};

}  // namespace

std::unique_ptr<Decoder> make_msgpack_decoder() {
  return make_item_decoder(std::make_unique<MsgpackReader>());
}

}  // namespace sluice
