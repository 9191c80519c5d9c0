#include "buffers/carved_rows.h"

#include <array>
#include <cstddef>

namespace sluice::carved {

namespace {

// block: id (which SQLite keeps outside the record), six integers, crc, data; rows of format 2
// have `skipped` behind it.
constexpr std::size_t kBlockColumns = 9;
constexpr std::size_t kCrc = 7;
constexpr std::size_t kData = 8;
constexpr std::size_t kSkipped = 9;

// dead: id, flow, sink, first, n, raw_bytes, codec, min_ts, max_ts, crc, reason, detail, at,
// skipped, data.
constexpr std::size_t kDeadColumns = 15;

}  // namespace

bool integers(const PageRecord& columns, std::size_t from, std::size_t to) {
  for (std::size_t column = from; column < to; ++column) {
    if (!columns.is_integer(column)) {
      return false;
    }
  }
  return true;
}

bool looks_like_block(const PageRecord& columns) {
  return (columns.columns() == kBlockColumns || columns.columns() == kBlockColumns + 1) &&
         columns.is_null(0) && integers(columns, 1, kData) && columns.is_blob(kData) &&
         (columns.columns() == kBlockColumns || columns.is_integer(kSkipped));
}

bool looks_like_dead(const PageRecord& columns) {
  return columns.columns() == kDeadColumns && columns.is_null(0) && columns.is_integer(1) &&
         columns.is_text(2) && integers(columns, 3, 10) && columns.is_text(10) &&
         columns.is_text(11) && integers(columns, 12, 14) && columns.is_blob(14);
}

bool sound(const FoundBlockRow& row) {
  const auto& columns = row.metadata.columns;
  const std::int64_t count = columns[BlockMetadata::Count];
  return row.first() > 0 && count > 0 && row.metadata.skipped >= 0 &&
         std::int64_t{checksum(row.metadata, row.data)} == row.crc;
}

// meta: k, format, epoch, last_seq, tick.
bool looks_like_meta(const TreeCell& cell, const PageRecord& columns) {
  return cell.rowid == 1 && columns.columns() == 5 && columns.is_null(0) && integers(columns, 1, 5);
}

std::int64_t integer(const PageRecord& columns, std::string_view record, std::size_t column) {
  return columns.integer(record, column).value_or(0);
}

std::string_view bytes(const PageRecord& columns, std::string_view record, std::size_t column) {
  return columns.bytes(record, column).value_or(std::string_view());
}

FoundBlockRow block_of(std::int64_t rowid, const PageRecord& columns, std::string_view record) {
  FoundBlockRow row;
  row.metadata.columns[0] = rowid;
  for (std::size_t column = 1; column < BlockMetadata::kColumns; ++column) {
    row.metadata.columns.at(column) = integer(columns, record, column);
  }
  row.crc = integer(columns, record, kCrc);
  row.data = bytes(columns, record, kData);
  row.metadata.skipped = columns.columns() > kSkipped ? integer(columns, record, kSkipped) : 0;
  return row;
}

FoundDeadRow dead_of(std::int64_t rowid, const PageRecord& columns, std::string_view record) {
  FoundDeadRow row;
  row.id = rowid;
  row.sink = bytes(columns, record, 2);
  constexpr std::array<std::size_t, BlockMetadata::kColumns> kMetadata{3, 1, 4, 5, 6, 7, 8};
  for (std::size_t i = 0; i < kMetadata.size(); ++i) {
    row.letter.metadata.columns.at(i) = integer(columns, record, kMetadata.at(i));
  }
  row.letter.crc = integer(columns, record, 9);
  row.reason = bytes(columns, record, 10);
  row.detail = bytes(columns, record, 11);
  row.at = integer(columns, record, 12);
  row.letter.metadata.skipped = integer(columns, record, 13);
  row.letter.data = bytes(columns, record, 14);
  return row;
}

Trust trust_in(const PageVersion& version) {
  constexpr unsigned kOffsetBits = 56;
  const auto source =
      static_cast<Trust>(PageVersion::Source::OldLog) - static_cast<Trust>(version.source);
  return source << kOffsetBits | version.offset;
}

Age age_of(const PageVersion& version) {
  switch (version.source) {
    case PageVersion::Source::OldLog:
      return 0;
    case PageVersion::Source::Database:
      return 1;
    case PageVersion::Source::Log:
    case PageVersion::Source::DamagedLog:
      break;
  }
  return 2 + version.offset;
}

}  // namespace sluice::carved
