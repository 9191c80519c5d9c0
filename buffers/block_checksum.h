// What the checksum of a block covers. Private to buffers/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// The columns of a block that describe its data. The first seven are in the order of the table.
struct BlockMetadata {
  static constexpr std::size_t kColumns = 7;
  enum Column : std::size_t { Id, Flow, Count, RawBytes, Codec, MinTime, MaxTime };

  std::array<std::int64_t, kColumns> columns{};
  std::int64_t skipped = 0;
};

// The bytes that stand for the metadata. What is not skipped is left out: so the blocks of format 1
// keep their checksums. A damaged column is found all the same, whichever of its two values is the
// 0.
std::string to_bytes(const BlockMetadata& metadata);

std::uint32_t checksum(const BlockMetadata& metadata, std::string_view data);

}  // namespace sluice
