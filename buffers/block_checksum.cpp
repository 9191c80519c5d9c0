#include "buffers/block_checksum.h"

#include "buffers/crc32c.h"

namespace sluice {

namespace {

using Bytes = std::array<char, (BlockMetadata::kColumns + 1) * sizeof(std::int64_t)>;

std::string_view write(const BlockMetadata& metadata, Bytes& bytes) {
  std::size_t at = 0;
  const auto append = [&](std::int64_t value) {
    for (unsigned shift = 0; shift < 64; shift += 8) {  // little-endian on every machine
      bytes.at(at++) = static_cast<char>((static_cast<std::uint64_t>(value) >> shift) & 0xFFU);
    }
  };
  for (const std::int64_t value : metadata.columns) {
    append(value);
  }
  if (metadata.skipped != 0) {
    append(metadata.skipped);
  }
  return {bytes.data(), at};
}

}  // namespace

std::string to_bytes(const BlockMetadata& metadata) {
  Bytes bytes{};
  return std::string(write(metadata, bytes));
}

std::uint32_t checksum(const BlockMetadata& metadata, std::string_view data) {
  Bytes bytes{};
  return crc32c(crc32c(0, write(metadata, bytes)), data);
}

}  // namespace sluice
