#include "admin/json_writer.h"

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>

namespace sluice {

namespace {

void append_control(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += kHex[byte >> 4U];
  out += kHex[byte & 0xFU];
}

}  // namespace

JsonWriter& JsonWriter::begin_object() {
  separate();
  text_ += '{';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  text_ += '}';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  separate();
  text_ += '[';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  text_ += ']';
  comma_ = true;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  value(name);
  text_ += ':';
  comma_ = false;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  separate();
  const bool readable = simdjson::validate_utf8(text.data(), text.size());
  text_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      append_control(c, text_);
    } else if (byte < 0x80 || readable) {
      text_ += c;
    } else {
      text_ += "\\ufffd";
    }
  }
  text_ += '"';
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) {
    return null();
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return literal({text.data(), end.ptr});
}

JsonWriter& JsonWriter::value(bool truth) {
  return literal(truth ? "true" : "false");
}

JsonWriter& JsonWriter::literal(std::string_view json) {
  separate();
  text_ += json;
  return *this;
}

void JsonWriter::separate() {
  if (comma_) {
    text_ += ',';
  }
  comma_ = true;
}

}  // namespace sluice
