#include "decoders/original.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstddef>

namespace sluice {
namespace {

// Without the beginning of a character at the end that was cut off.
std::string_view without_broken_end(std::string_view text) {
  constexpr std::size_t kLongestStart = 3;
  for (std::size_t back = 1; back <= std::min(kLongestStart, text.size()); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0U) == 0x80U) {
      continue;  // not the first byte of its character
    }
    const auto size = static_cast<std::size_t>(std::countl_one(byte));
    return size > back ? text.substr(0, text.size() - back) : text;
  }
  return text;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

Record original(const Message& message, std::string_view bytes, std::string_view error) {
  return {.topic = message.topic,
          .time = message.received,
          .kind = is_valid_utf8(bytes) ? BodyKind::Text : BodyKind::Binary,
          .body = bytes,
          .error = error};
}

Record original_bytes(const Message& message, std::string_view bytes, std::string_view error) {
  return {.topic = message.topic,
          .time = message.received,
          .kind = BodyKind::Binary,
          .body = bytes,
          .error = error};
}

bool add_if_cut(const Message& message, std::vector<Record>& records) {
  if (message.full_size == 0) {
    return false;
  }
  Record record = original(message, without_broken_end(message.payload), "oversize");
  if (record.kind == BodyKind::Binary) {
    record.body = message.payload;
  }
  records.push_back(record);
  return true;
}

}  // namespace sluice
