// CRC-32C (Castagnoli), the checksum of blocks. Debian 12 has no library for it.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

// Continues the checksum `before` of earlier bytes; start with 0. Any thread. Uses the processor's
// own instruction where there is one.
std::uint32_t crc32c(std::uint32_t before, std::string_view bytes);

// The same value without special instructions; apart from crc32c() so that tests can compare.
std::uint32_t portable_crc32c(std::uint32_t before, std::string_view bytes);

}  // namespace sluice
