#include "buffers/block_table.h"

#include "buffers/crc32c.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

// A damaged count must neither overflow a sum nor become negative.
#define SLUICE_SANE_COUNT "min(max(n, 0), 4294967295)"
#define SLUICE_SANE_SKIPPED "min(max(skipped, 0), 4294967295)"
#define SLUICE_COLUMNS "id, flow, n, raw_bytes, codec, min_ts, max_ts, crc, data, skipped"

// In the order of the table: by way of the index every page would be visited once for every flow.
constexpr const char* kUsage =
    "SELECT flow, " SLUICE_SANE_COUNT ", length(data), id FROM block NOT INDEXED ORDER BY id";
constexpr const char* kLast =
    "SELECT coalesce((SELECT id + max(" SLUICE_SANE_COUNT ", 1) - 1 + " SLUICE_SANE_SKIPPED
    " FROM block ORDER BY id DESC LIMIT 1), 0)";
constexpr const char* kInsert =
    "INSERT INTO block(" SLUICE_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
// The inner SELECT finds where the confirmed ones end with one look at the index; without it, a
// sink that is far ahead of another would walk through everything the other has not confirmed.
constexpr const char* kNext =
    "SELECT " SLUICE_COLUMNS
    " FROM block"
    " WHERE flow = ?1 AND id + n + skipped - 1 > ?3 AND id > max(?2,"
    " coalesce((SELECT max(id) FROM block WHERE flow = ?1 AND id <= ?3), 0) - 1)"
    " ORDER BY id LIMIT 1";
constexpr const char* kWithin =
    "SELECT id, " SLUICE_SANE_COUNT
    ", length(data) FROM block"
    " WHERE flow = ?1 AND id > ?4 AND id <= ?2 AND id + n + skipped - 1 <= ?2 ORDER BY id LIMIT ?3";
constexpr const char* kRemove = "DELETE FROM block WHERE id = ?1";
constexpr const char* kContains = "SELECT 1 FROM block WHERE id = ?1 AND crc = ?2";
constexpr const char* kFind =
    "SELECT id, " SLUICE_SANE_COUNT ", length(data) FROM block WHERE id = ?1";
constexpr const char* kSetAside =
    "INSERT INTO quarantine(" SLUICE_COLUMNS ", reason, at) SELECT " SLUICE_COLUMNS
    ", ?2, ?3"
    " FROM block WHERE id = ?1";

// The order in which columns of a block are bound, read and covered by the checksum.
constexpr int kMetadataColumns = 7;
constexpr int kCrcColumn = 7;
constexpr int kDataColumn = 8;
constexpr int kSkippedColumn = 9;

struct Metadata {
  std::array<std::int64_t, kMetadataColumns> columns{};
  std::int64_t skipped = 0;
};

std::int64_t to_column(Sequence sequence) {
  return static_cast<std::int64_t>(number(sequence));
}

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

// Null if the row does not match its checksum.
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

std::uint64_t count_at(const sqlite::Statement& row, int column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(column), 0));
}

StoredRow stored_row(const sqlite::Statement& row) {
  return {Sequence(row.integer(0)), count_at(row, 1), count_at(row, 2)};
}

std::uint64_t without(std::uint64_t from, std::uint64_t less) {
  return from - std::min(from, less);
}

}  // namespace

Usage& Usage::operator+=(const Usage& more) {
  blocks += more.blocks;
  records += more.records;
  bytes += more.bytes;
  return *this;
}

Usage& Usage::operator-=(const Usage& less) {
  blocks = without(blocks, less.blocks);
  records = without(records, less.records);
  bytes = without(bytes, less.bytes);
  return *this;
}

Result<BlockTable> BlockTable::prepare(sqlite::Connection& connection) {
  BlockTable table;
  const std::array<std::pair<std::optional<sqlite::Statement>*, const char*>, 9> all{{
      {&table.usage_, kUsage},
      {&table.last_, kLast},
      {&table.insert_, kInsert},
      {&table.next_, kNext},
      {&table.within_, kWithin},
      {&table.remove_, kRemove},
      {&table.contains_, kContains},
      {&table.find_, kFind},
      {&table.set_aside_, kSetAside},
  }};
  for (const auto& [statement, sql] : all) {
    Result<sqlite::Statement> prepared = connection.prepare(sql);
    if (!prepared) {
      return prepared.error();
    }
    statement->emplace(*std::move(prepared));
  }
  return table;
}

Result<std::map<FlowId, StoredUsage>> BlockTable::usage() {
  const sqlite::ResetAtExit reset(*usage_);
  std::map<FlowId, StoredUsage> flows;
  while (true) {
    const Result<bool> row = usage_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return flows;
    }
    StoredUsage& flow = flows[FlowId(usage_->integer(0))];
    flow.usage += {.blocks = 1, .records = count_at(*usage_, 1), .bytes = count_at(*usage_, 2)};
    flow.newest = Sequence(usage_->integer(3));
  }
}

Result<Sequence> BlockTable::last_sequence() {
  const sqlite::ResetAtExit reset(*last_);
  if (const Result<bool> row = last_->step(); !row) {
    return row.error();
  }
  return Sequence(last_->integer(0));
}

Status BlockTable::insert(FlowId flow, const Block& block) {
  const Metadata metadata = metadata_of(flow, block);
  int parameter = 0;
  for (const std::int64_t value : metadata.columns) {
    insert_->bind(++parameter, value);
  }
  insert_->bind(kCrcColumn + 1, std::int64_t{checksum(metadata, block.data)});
  insert_->bind_blob(kDataColumn + 1, block.data);
  insert_->bind(kSkippedColumn + 1, metadata.skipped);
  return run_to_end(*insert_);
}

Result<std::optional<FoundBlock>> BlockTable::next(FlowId flow, FlowIndex index, Sequence after,
                                                   const Confirmed& confirmed) {
  // What lies in one range with the beginning is passed over without a look at it.
  Sequence behind = std::max(confirmed.cursor(), confirmed.end_of_range(advance(after, 1)));
  while (true) {
    Result<std::optional<FoundBlock>> found = next(flow, index, after, behind);
    if (!found || !found->has_value() || !confirmed.covers((*found)->first, (*found)->last)) {
      return found;
    }
    behind = confirmed.end_of_range((*found)->last);
  }
}

Result<std::optional<FoundBlock>> BlockTable::next(FlowId flow, FlowIndex index, Sequence after,
                                                   Sequence behind) {
  const sqlite::ResetAtExit reset(*next_);
  next_->bind(1, static_cast<std::int64_t>(flow));
  next_->bind(2, to_column(after)).bind(3, to_column(behind));
  const Result<bool> row = next_->step();
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return std::optional<FoundBlock>();
  }
  const auto first = Sequence(next_->integer(0));
  const std::uint64_t sequences = count_at(*next_, 2) + count_at(*next_, kSkippedColumn);
  return std::optional(FoundBlock{.first = first,
                                  .last = advance(first, std::max<std::uint64_t>(sequences, 1) - 1),
                                  .block = read_block(*next_, index)});
}

Result<std::vector<StoredRow>> BlockTable::within(FlowId flow, SequenceRange range,
                                                  std::size_t most) {
  const sqlite::ResetAtExit reset(*within_);
  within_->bind(1, static_cast<std::int64_t>(flow)).bind(4, to_column(range.after));
  within_->bind(2, to_column(range.last)).bind(3, static_cast<std::int64_t>(most));
  std::vector<StoredRow> rows;
  while (true) {
    const Result<bool> row = within_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return rows;
    }
    rows.push_back(stored_row(*within_));
  }
}

Status BlockTable::remove(Sequence first) {
  remove_->bind(1, to_column(first));
  return run_to_end(*remove_);
}

Result<bool> BlockTable::contains(FlowId flow, const Block& block) {
  const sqlite::ResetAtExit reset(*contains_);
  contains_->bind(1, to_column(block.first));
  contains_->bind(2, std::int64_t{checksum(metadata_of(flow, block), block.data)});
  return contains_->step();
}

Result<std::optional<StoredRow>> BlockTable::find(Sequence first) {
  const sqlite::ResetAtExit reset(*find_);
  const Result<bool> row = find_->bind(1, to_column(first)).step();
  if (!row) {
    return row.error();
  }
  return *row ? std::optional(stored_row(*find_)) : std::nullopt;
}

Status BlockTable::set_aside(Sequence first, std::string_view reason, Timestamp now) {
  set_aside_->bind(1, to_column(first)).bind(2, reason);
  set_aside_->bind(3, now.time_since_epoch().count());
  if (Status copied = run_to_end(*set_aside_); !copied) {
    return copied;
  }
  return remove(first);
}

}  // namespace sluice
