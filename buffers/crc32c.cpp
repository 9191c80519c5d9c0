#include "buffers/crc32c.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sluice {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // 0x1EDC6F41 with its bits reversed
constexpr std::size_t kSlices = 8;

using Table = std::array<std::uint32_t, 256>;

// slices[k][b]: what byte b contributes when k more bytes follow it in the same step.
constexpr std::array<Table, kSlices> make_slices() {
  std::array<Table, kSlices> slices{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? kPolynomial : 0);
    }
    slices[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < kSlices; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = slices[slice - 1][byte];
      slices[slice][byte] = (crc >> 8U) ^ slices[0][crc & 0xFFU];
    }
  }
  return slices;
}

constexpr std::array<Table, kSlices> kTable = make_slices();

std::uint64_t eight_bytes(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

std::uint32_t one_byte(std::uint32_t crc, char byte) {
  return (crc >> 8U) ^ kTable[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFFU];
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t hardware_crc32c(std::uint32_t before,
                                                                std::string_view bytes) {
  std::uint64_t crc = ~before;
  for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
    crc = _mm_crc32_u64(crc, eight_bytes(bytes.data()));
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char byte : bytes) {
    rest = _mm_crc32_u8(rest, static_cast<unsigned char>(byte));
  }
  return ~rest;
}
#endif

}  // namespace

std::uint32_t portable_crc32c(std::uint32_t before, std::string_view bytes) {
  std::uint32_t crc = ~before;
  if constexpr (std::endian::native == std::endian::little) {
    for (; bytes.size() >= kSlices; bytes.remove_prefix(kSlices)) {
      const std::uint64_t word = eight_bytes(bytes.data()) ^ crc;
      crc = 0;
      for (std::size_t byte = 0; byte < kSlices; ++byte) {
        crc ^= kTable[kSlices - 1 - byte][(word >> (8 * byte)) & 0xFFU];
      }
    }
  }
  for (const char byte : bytes) {
    crc = one_byte(crc, byte);
  }
  return ~crc;
}

std::uint32_t crc32c(std::uint32_t before, std::string_view bytes) {
#if defined(__x86_64__)
  static const bool in_hardware = __builtin_cpu_supports("sse4.2") != 0;
  if (in_hardware) {
    return hardware_crc32c(before, bytes);
  }
#endif
  return portable_crc32c(before, bytes);
}

}  // namespace sluice
