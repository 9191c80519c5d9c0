#include "decoders/sparkplug_array.h"

#include "core/json_text.h"
#include "decoders/plain_value.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

namespace sluice {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class Element>
bool append_elements(std::string_view bytes, std::string& out) {
  if (bytes.size() % sizeof(Element) != 0) {
    return false;
  }
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(Element)) {
    Element element{};
    std::memcpy(&element, bytes.data() + at, sizeof(Element));
    out += at == 0 ? "" : ",";
    append_number(element, out);
  }
  return true;
}

// Four bytes with their number, then eight to a byte, the first in the highest bit.
bool append_booleans(std::string_view bytes, std::string& out) {
  std::uint32_t count = 0;
  if (bytes.size() < sizeof(count)) {
    return false;
  }
  std::memcpy(&count, bytes.data(), sizeof(count));
  bytes.remove_prefix(sizeof(count));
  if ((std::uint64_t(count) + 7) / 8 != bytes.size()) {
    return false;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    const unsigned byte = static_cast<unsigned char>(bytes[i / 8]);
    out += i == 0 ? "" : ",";
    out += ((byte >> (7U - i % 8)) & 1U) != 0 ? "true" : "false";
  }
  return true;
}

// Each ends with a zero byte.
bool append_strings(std::string_view bytes, std::string& out) {
  if (!bytes.empty() && bytes.back() != '\0') {
    return false;
  }
  for (const char* before = ""; !bytes.empty(); before = ",") {
    const std::string_view text = bytes.substr(0, bytes.find('\0'));
    out += before;
    append_string(text, out);
    bytes.remove_prefix(text.size() + 1);
  }
  return true;
}

// In the order of their numbers, from 22.
constexpr std::array kWriters = {append_elements<std::int8_t>,
                                 append_elements<std::int16_t>,
                                 append_elements<std::int32_t>,
                                 append_elements<std::int64_t>,
                                 append_elements<std::uint8_t>,
                                 append_elements<std::uint16_t>,
                                 append_elements<std::uint32_t>,
                                 append_elements<std::uint64_t>,
                                 append_elements<float>,
                                 append_elements<double>,
                                 append_booleans,
                                 append_strings,
                                 append_elements<std::int64_t>};

}  // namespace

bool append_sparkplug_array(std::string_view bytes, std::uint32_t type, std::string& out) {
  constexpr std::uint32_t kFirst = 22;
  const std::size_t start = out.size();
  out += '[';
  if (type < kFirst || type - kFirst >= kWriters.size() ||
      !kWriters.at(type - kFirst)(bytes, out)) {
    out.resize(start);
    return false;
  }
  out += ']';
  return true;
}

}  // namespace sluice
