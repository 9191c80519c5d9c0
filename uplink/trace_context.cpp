#include "uplink/trace_context.h"

#include "uplink/hex.h"

#include <openssl/sha.h>

#include <array>

namespace sluice {

namespace {

std::uint64_t eight_bytes(const std::array<unsigned char, SHA256_DIGEST_LENGTH>& digest,
                          std::size_t from) {
  std::uint64_t number = 0;
  for (std::size_t i = from; i < from + sizeof(number); ++i) {
    number = number << 8U | digest.at(i);
  }
  return number;
}

}  // namespace

std::string traceparent_of(std::string_view idempotency_key) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(idempotency_key.data()), idempotency_key.size(),
         digest.data());
  return "00-" + hex_of(eight_bytes(digest, 0)) + hex_of(eight_bytes(digest, 8)) + '-' +
         hex_of(eight_bytes(digest, 16)) + "-01";
}

}  // namespace sluice
