#include "buffers/block_row.h"

#include "buffers/crc32c.h"
#include "core/clock.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

namespace {

constexpr int kCountColumn = 2;
// In this order the columns are covered by the checksum.
constexpr int kMetadataColumns = 7;
constexpr int kCrcColumn = 7;
constexpr int kDataColumn = 8;
constexpr int kSkippedColumn = 9;

struct Metadata {
  std::array<std::int64_t, kMetadataColumns> columns{};
  std::int64_t skipped = 0;
};

Metadata metadata_of(FlowId flow, const Block& block) {
  return {
      .columns = {to_column(block.first), static_cast<std::int64_t>(flow),
                  std::int64_t{block.count}, std::int64_t{block.raw_bytes},
                  static_cast<std::int64_t>(block.codec), block.min_time.time_since_epoch().count(),
                  block.max_time.time_since_epoch().count()},
      .skipped = block.skipped};
}

std::uint32_t add_integer(std::uint32_t crc, std::int64_t value) {
  std::array<char, sizeof(value)> bytes{};
  for (unsigned i = 0; i < bytes.size(); ++i) {  // little-endian on every machine
    bytes.at(i) = static_cast<char>((static_cast<std::uint64_t>(value) >> (8U * i)) & 0xFFU);
  }
  return crc32c(crc, {bytes.data(), bytes.size()});
}

// What is not skipped is not covered: so the blocks of format 1 keep their checksums. A damaged
// column is found all the same, whichever of its two values is the 0.
std::uint32_t checksum(const Metadata& metadata, std::string_view data) {
  std::uint32_t crc = 0;
  for (const std::int64_t value : metadata.columns) {
    crc = add_integer(crc, value);
  }
  if (metadata.skipped != 0) {
    crc = add_integer(crc, metadata.skipped);
  }
  return crc32c(crc, data);
}

Timestamp to_time(std::int64_t milliseconds) {
  return Timestamp(std::chrono::milliseconds(milliseconds));
}

}  // namespace

std::int64_t to_column(Sequence sequence) {
  return static_cast<std::int64_t>(number(sequence));
}

std::int64_t to_column(FlowId flow) {
  return static_cast<std::int64_t>(flow);
}

std::uint32_t block_checksum(FlowId flow, const Block& block) {
  return checksum(metadata_of(flow, block), block.data);
}

void bind_block(sqlite::Statement& statement, FlowId flow, const Block& block) {
  const Metadata metadata = metadata_of(flow, block);
  int parameter = 0;
  for (const std::int64_t value : metadata.columns) {
    statement.bind(++parameter, value);
  }
  statement.bind(kCrcColumn + 1, std::int64_t{checksum(metadata, block.data)});
  statement.bind_blob(kDataColumn + 1, block.data);
  statement.bind(kSkippedColumn + 1, metadata.skipped);
}

BlockPtr read_block(const sqlite::Statement& row, FlowIndex index) {
  Metadata metadata;
  for (int column = 0; column < kMetadataColumns; ++column) {
    metadata.columns.at(static_cast<std::size_t>(column)) = row.integer(column);
  }
  metadata.skipped = row.integer(kSkippedColumn);
  const std::string_view data = row.bytes(kDataColumn);
  if (std::int64_t{checksum(metadata, data)} != row.integer(kCrcColumn)) {
    return nullptr;
  }
  const auto& columns = metadata.columns;
  return std::make_shared<const Block>(Block{
      .flow = index,
      .first = Sequence(columns[0]),
      .count = static_cast<std::uint32_t>(columns[2]),
      .skipped = static_cast<std::uint32_t>(metadata.skipped),
      .raw_bytes = static_cast<std::uint32_t>(columns[3]),
      .codec = static_cast<Codec>(columns[4]),
      .min_time = to_time(columns[5]),
      .max_time = to_time(columns[6]),
      .data = std::string(data),
  });
}

Sequence last_of_row(const sqlite::Statement& row) {
  constexpr std::int64_t kMost = 0xFFFFFFFF;
  const std::int64_t count = std::clamp(row.integer(kCountColumn), std::int64_t{1}, kMost);
  const std::int64_t skipped = std::clamp(row.integer(kSkippedColumn), std::int64_t{0}, kMost);
  return advance(Sequence(row.integer(0)), static_cast<std::uint64_t>(count + skipped - 1));
}

}  // namespace sluice
