#include "tests/lab/connack_limits.h"

#include <cstddef>
#include <optional>

namespace sluice::lab {

namespace {

constexpr std::uint8_t kReceiveMaximum = 0x21;
constexpr std::uint8_t kMaximumQos = 0x24;

std::size_t two_bytes(std::span<const std::uint8_t> at) {
  return (std::size_t{at[0]} << 8U) | at[1];
}

// Size of the value that stands at the beginning of `at`; nothing if it is not complete or of a
// kind that CONNACK does not have.
std::optional<std::size_t> value_size(std::uint8_t property, std::span<const std::uint8_t> at) {
  std::size_t size = 0;
  switch (property) {
    case kMaximumQos:
    case 0x25:  // retain available
    case 0x28:  // wildcard, identifiers, shared subscriptions available
    case 0x29:
    case 0x2A:
      size = 1;
      break;
    case kReceiveMaximum:
    case 0x13:  // server keep alive
    case 0x22:  // topic alias maximum
      size = 2;
      break;
    case 0x11:  // session expiry
    case 0x27:  // maximum packet size
      size = 4;
      break;
    case 0x12:  // assigned client id
    case 0x15:  // authentication method and data
    case 0x16:
    case 0x1A:  // response information
    case 0x1C:  // server reference
    case 0x1F:  // reason
      size = at.size() < 2 ? 2 : 2 + two_bytes(at);
      break;
    case 0x26: {  // user property: two texts
      const std::size_t name = at.size() < 2 ? 0 : 2 + two_bytes(at);
      size = at.size() < name + 2 ? name + 2 : name + 2 + two_bytes(at.subspan(name));
      break;
    }
    default:
      return std::nullopt;
  }
  return size <= at.size() ? std::optional(size) : std::nullopt;
}

}  // namespace

ConnackLimits connack_limits(std::span<const std::uint8_t> body) {
  ConnackLimits limits;
  // Flags, reason, length of the properties. The properties are the rest, so that their length need
  // not be known, only skipped: its last byte is the first one below 128.
  std::size_t begin = 2;
  while (begin < body.size() && body[begin] >= 128) {
    ++begin;
  }
  std::span<const std::uint8_t> rest =
      begin < body.size() ? body.subspan(begin + 1) : std::span<const std::uint8_t>();
  while (!rest.empty()) {
    const std::uint8_t property = rest[0];
    rest = rest.subspan(1);
    const auto size = value_size(property, rest);
    if (!size) {
      return limits;
    }
    if (property == kReceiveMaximum) {
      limits.receive_maximum = static_cast<std::uint16_t>(two_bytes(rest));
    } else if (property == kMaximumQos) {
      limits.maximum_qos = rest[0];
    }
    rest = rest.subspan(*size);
  }
  return limits;
}

}  // namespace sluice::lab
