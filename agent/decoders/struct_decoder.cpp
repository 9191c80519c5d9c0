#include "decoders/struct_decoder.h"

#include "core/json_text.h"
#include "decoders/original.h"
#include "decoders/plain_value.h"
#include "decoders/record_output.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

std::uint64_t read_number(std::string_view bytes, bool big_endian) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t from = big_endian ? i : bytes.size() - 1 - i;
    number = (number << 8U) | static_cast<unsigned char>(bytes[from]);
  }
  return number;
}

void append_scaled(double number, const StructField& field, std::string& out) {
  append_number((number * field.factor + field.addend) / field.divisor, out);
}

// Reads one field; false if it is a string that is not UTF-8.
class FieldWriter {
 public:
  FieldWriter(const StructField& field, std::string_view record, bool big_endian)
      : field_(field),
        bytes_(record.substr(field.offset, field.bytes)),
        big_endian_(field.big_endian.value_or(big_endian)) {}

  bool write(std::string& out) const {
    switch (field_.type) {
      case StructType::Unsigned:
      case StructType::Signed:
        write_integer(out);
        return true;
      case StructType::Float:
        write_float(out);
        return true;
      case StructType::Boolean:
        out += bytes_[0] != '\0' ? "true" : "false";
        return true;
      case StructType::Text:
        return write_text(out);
      case StructType::Bytes:
        out += '"';
        append_base64(bytes_, out);
        out += '"';
        return true;
    }
    return false;
  }

 private:
  void write_integer(std::string& out) const {
    const unsigned width =
        field_.bits != 0 ? field_.bits : 8 * static_cast<unsigned>(bytes_.size());
    const unsigned unused = 64 - width;
    const std::uint64_t raw = read_number(bytes_, big_endian_) >> field_.first_bit << unused;
    if (field_.is_flag) {
      out += raw != 0 ? "true" : "false";
    } else if (field_.type == StructType::Unsigned) {
      write(raw >> unused, out);
    } else {
      write(static_cast<std::int64_t>(raw) >> unused, out);
    }
  }

  template <class Integer>
  void write(Integer number, std::string& out) const {
    if (field_.is_scaled) {
      append_scaled(static_cast<double>(number), field_, out);
    } else {
      append_number(number, out);
    }
  }

  void write_float(std::string& out) const {
    const std::uint64_t bits = read_number(bytes_, big_endian_);
    const bool is_double = bytes_.size() == sizeof(double);
    const auto single = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
    if (field_.is_scaled) {
      append_scaled(is_double ? std::bit_cast<double>(bits) : static_cast<double>(single), field_,
                    out);
    } else if (is_double) {
      append_number(std::bit_cast<double>(bits), out);
    } else {
      append_number(single, out);
    }
  }

  bool write_text(std::string& out) const {
    const std::string_view text = bytes_.substr(0, bytes_.find('\0'));
    if (!is_valid_utf8(text)) {
      return false;
    }
    append_string(text, out);
    return true;
  }

  const StructField& field_;
  std::string_view bytes_;
  bool big_endian_;
};

class StructDecoder final : public Decoder {
 public:
  explicit StructDecoder(StructLayout layout)
      : layout_(std::move(layout)), needed_(std::max(layout_.needed(), layout_.size)) {
    for (const StructField& field : layout_.fields) {
      std::string key = keys_.empty() ? "" : ",";
      append_string(field.name, key);
      keys_.push_back(key + ':');
    }
  }

  void decode(const Message& message, std::vector<Record>& records) override {
    if (add_if_cut(message, records)) {
      return;
    }
    std::string_view rest = message.payload;
    if (rest.size() < layout_.start + needed_) {
      records.push_back(original_bytes(message, rest, "too_short"));
      return;
    }
    rest.remove_prefix(layout_.start);
    output_.begin(message, records);
    do {
      decode_record(message, rest, records);
      rest.remove_prefix(layout_.size == 0 ? rest.size() : needed_);
    } while (!rest.empty() && rest.size() >= needed_ && !output_.full());
    if (!rest.empty()) {
      records.push_back(original_bytes(message, rest, output_.full() ? "too_large" : "too_short"));
    }
    output_.finish();
  }

 private:
  void decode_record(const Message& message, std::string_view bytes, std::vector<Record>& records) {
    const std::string_view record = bytes.substr(0, layout_.size == 0 ? bytes.size() : needed_);
    std::string& out = output_.text();
    out += '{';
    for (std::size_t i = 0; i < layout_.fields.size(); ++i) {
      out += keys_[i];
      if (!FieldWriter(layout_.fields[i], record, layout_.big_endian).write(out)) {
        output_.drop();
        records.push_back(original_bytes(message, record, "invalid_utf8"));
        return;
      }
    }
    out += '}';
    output_.add(message.received);
  }

  const StructLayout layout_;
  const std::size_t needed_;  // bytes of a record
  std::vector<std::string> keys_;
  RecordOutput output_;
};

}  // namespace

std::unique_ptr<Decoder> make_struct_decoder(StructLayout layout) {
  return std::make_unique<StructDecoder>(std::move(layout));
}

}  // namespace sluice
