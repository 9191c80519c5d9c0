#include "buffers/block_row.h"

#include "buffers/block_checksum.h"
#include "core/clock.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

namespace {

constexpr int kCountColumn = 2;
constexpr int kMetadataColumns{BlockMetadata::kColumns};
constexpr int kCrcColumn = 7;
constexpr int kDataColumn = 8;
constexpr int kSkippedColumn = 9;

using Metadata = BlockMetadata;

Metadata metadata_of(FlowId flow, const Block& block) {
  return {
      .columns = {to_column(block.first), static_cast<std::int64_t>(flow),
                  std::int64_t{block.count}, std::int64_t{block.raw_bytes},
                  static_cast<std::int64_t>(block.codec), block.min_time.time_since_epoch().count(),
                  block.max_time.time_since_epoch().count()},
      .skipped = block.skipped};
}

// Above the codec.
constexpr unsigned kSealShift = 8;
constexpr std::int64_t kCodecMask = 0xFF;

SealMark seal_in(std::int64_t codec) {
  return SealMark(static_cast<std::uint64_t>(codec) >> kSealShift);
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

Status bind_block(sqlite::Statement& statement, FlowId flow, const Block& block,
                  BlockCipher& cipher) {
  Metadata metadata = metadata_of(flow, block);
  std::string_view data = block.data;
  if (const SealMark mark = cipher.mark(); mark != SealMark::None) {
    metadata.columns[Metadata::Codec] |= static_cast<std::int64_t>(mark) << kSealShift;
    const Result<std::string_view> sealed = cipher.seal(to_bytes(metadata), data);
    if (!sealed) {
      return sealed.error();
    }
    data = *sealed;
  }
  int parameter = 0;
  for (const std::int64_t value : metadata.columns) {
    statement.bind(++parameter, value);
  }
  statement.bind(kCrcColumn + 1, std::int64_t{checksum(metadata, data)});
  statement.bind_blob(kDataColumn + 1, data);
  statement.bind(kSkippedColumn + 1, metadata.skipped);
  return {};
}

BlockPtr read_block(const sqlite::Statement& row, FlowIndex index, BlockCipher& cipher) {
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
  const SealMark mark = seal_in(columns[Metadata::Codec]);
  Result<std::string> opened = mark == SealMark::None ? Result<std::string>(std::string(data))
                                                      : cipher.open(mark, to_bytes(metadata), data);
  if (!opened) {
    return nullptr;
  }
  return std::make_shared<const Block>(Block{
      .flow = index,
      .first = Sequence(columns[0]),
      .count = static_cast<std::uint32_t>(columns[2]),
      .skipped = static_cast<std::uint32_t>(metadata.skipped),
      .raw_bytes = static_cast<std::uint32_t>(columns[3]),
      .codec = static_cast<Codec>(columns[4] & kCodecMask),
      .min_time = to_time(columns[5]),
      .max_time = to_time(columns[6]),
      .data = *std::move(opened),
  });
}

SealMark seal_at(const sqlite::Statement& row, int column) {
  return SealMark(static_cast<std::uint64_t>(row.integer(column)));
}

Status check_key(const BlockCipher& cipher, SealMark mark) {
  if (cipher.can_open(mark)) {
    return {};
  }
  return Error{Reaction::Reject,
               "some of what it holds is encrypted with the key " + to_text(mark) +
                   ", which is not configured; set buffer.encryption_key, or add the key to"
                   " buffer.encryption_old_keys"};
}

Sequence last_of_row(const sqlite::Statement& row) {
  constexpr std::int64_t kMost = 0xFFFFFFFF;
  const std::int64_t count = std::clamp(row.integer(kCountColumn), std::int64_t{1}, kMost);
  const std::int64_t skipped = std::clamp(row.integer(kSkippedColumn), std::int64_t{0}, kMost);
  return advance(Sequence(row.integer(0)), static_cast<std::uint64_t>(count + skipped - 1));
}

}  // namespace sluice
