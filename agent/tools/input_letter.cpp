#include "tools/input_letter.h"

#include "tools/frames.h"

#include <simdjson.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr unsigned kNoDigit = 64;

constexpr unsigned base64_value(char digit) {
  if (digit >= 'A' && digit <= 'Z') {
    return static_cast<unsigned>(digit - 'A');
  }
  if (digit >= 'a' && digit <= 'z') {
    return static_cast<unsigned>(digit - 'a') + 26;
  }
  if (digit >= '0' && digit <= '9') {
    return static_cast<unsigned>(digit - '0') + 52;
  }
  return digit == '+' ? 62 : digit == '/' ? 63 : kNoDigit;
}

// With padding, as agents write it.
std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) {
    return std::nullopt;
  }
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') {
    --digits;
  }
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  unsigned bits = 0;
  for (const char digit : text.substr(0, digits)) {
    const unsigned value = base64_value(digit);
    if (value == kNoDigit) {
      return std::nullopt;
    }
    group = (group << 6U | value) & 0xFFFFU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((group >> bits) & 0xFFU);
    }
  }
  return bytes;
}

std::optional<std::string> payload_in(const simdjson::dom::element& record) {
  std::string_view text;
  if (record["text"].get(text) == simdjson::SUCCESS) {
    return std::string(text);
  }
  return record["base64"].get(text) == simdjson::SUCCESS ? from_base64(text) : std::nullopt;
}

}  // namespace

Result<RetriedInput> input_in(const Block& letter, std::string flow) {
  const Result<std::string> line = lines_of(letter);
  if (!line) {
    return line.error();
  }
  simdjson::dom::parser parser;
  simdjson::dom::element record;
  std::int64_t time = 0;
  std::string_view topic;
  if (parser.parse(*line).get(record) == simdjson::SUCCESS &&
      record["ts"].get(time) == simdjson::SUCCESS &&
      record["topic"].get(topic) == simdjson::SUCCESS) {
    if (std::optional<std::string> payload = payload_in(record)) {
      return RetriedInput{.flow = std::move(flow),
                          .topic = std::string(topic),
                          .time = Timestamp(std::chrono::milliseconds(time)),
                          .payload = *std::move(payload)};
    }
  }
  return Error{Reaction::Reject, "the dead letter does not hold a message as it came"};
}

}  // namespace sluice
