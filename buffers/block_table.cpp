#include "buffers/block_table.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

// In the order of the table: by way of the index every page would be visited once for every flow.
constexpr const char* kCount = "SELECT flow, " SLUICE_SANE_COUNT ", " SLUICE_FRAME_BYTES
                               ", id, " SLUICE_SEAL " FROM block NOT INDEXED ORDER BY id";
constexpr const char* kLast =
    "SELECT coalesce((SELECT id + max(" SLUICE_SANE_COUNT ", 1) - 1 + " SLUICE_SANE_SKIPPED
    " FROM block ORDER BY id DESC LIMIT 1), 0)";
constexpr const char* kInsert =
    "INSERT INTO block(" SLUICE_BLOCK_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
// The inner SELECT finds where the confirmed ones end with one look at the index; without it, a
// sink that is far ahead of another would walk through everything the other has not confirmed.
constexpr const char* kNext =
    "SELECT " SLUICE_BLOCK_COLUMNS
    " FROM block"
    " WHERE flow = ?1 AND id + n + skipped - 1 > ?3 AND id > max(?2,"
    " coalesce((SELECT max(id) FROM block WHERE flow = ?1 AND id <= ?3), 0) - 1)"
    " ORDER BY id LIMIT 1";
constexpr const char* kRead =
    "SELECT " SLUICE_BLOCK_COLUMNS " FROM block WHERE flow = ?1 AND id = ?2";
constexpr const char* kAround = "SELECT " SLUICE_BLOCK_COLUMNS
                                " FROM block WHERE flow = ?1 AND id <= ?2 ORDER BY id DESC LIMIT 1";
constexpr const char* kFrom =
    "SELECT id, max(" SLUICE_SANE_COUNT ", 1) - 1 + " SLUICE_SANE_SKIPPED
    ", raw_bytes FROM block WHERE flow = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
constexpr const char* kWithin =
    "SELECT id, " SLUICE_SANE_COUNT ", " SLUICE_FRAME_BYTES
    " FROM block"
    " WHERE flow = ?1 AND id > ?4 AND id <= ?2 AND id + n + skipped - 1 <= ?2 ORDER BY id LIMIT ?3";
constexpr const char* kOldest = "SELECT id, " SLUICE_SANE_COUNT ", " SLUICE_FRAME_BYTES
                                " FROM block"
                                " WHERE flow = ?1 AND id <= ?2 ORDER BY id LIMIT ?3";
constexpr const char* kRemove = "DELETE FROM block WHERE id = ?1";
constexpr const char* kFind =
    "SELECT id, " SLUICE_SANE_COUNT ", " SLUICE_FRAME_BYTES " FROM block WHERE id = ?1";
constexpr const char* kSetAside =
    "INSERT INTO quarantine(" SLUICE_BLOCK_COLUMNS ", reason, at) SELECT " SLUICE_BLOCK_COLUMNS
    ", ?2, ?3"
    " FROM block WHERE id = ?1";

std::uint64_t count_at(const sqlite::Statement& row, int column) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(column), 0));
}

Result<std::optional<FoundBlock>> found(sqlite::Statement& query, FlowIndex index,
                                        BlockCipher& cipher) {
  const sqlite::ResetAtExit reset(query);
  const Result<bool> row = query.step();
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return std::optional<FoundBlock>();
  }
  return std::optional(FoundBlock{.first = Sequence(query.integer(0)),
                                  .last = last_of_row(query),
                                  .block = read_block(query, index, cipher)});
}

StoredRow stored_row(const sqlite::Statement& row) {
  return {Sequence(row.integer(0)), count_at(row, 1), count_at(row, 2)};
}

Result<std::vector<StoredRow>> rows(sqlite::Statement& query, FlowId flow, Sequence through,
                                    std::size_t most) {
  const sqlite::ResetAtExit reset(query);
  query.bind(1, static_cast<std::int64_t>(flow)).bind(2, to_column(through));
  query.bind(3, static_cast<std::int64_t>(most));
  std::vector<StoredRow> found;
  while (true) {
    const Result<bool> row = query.step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return found;
    }
    found.push_back(stored_row(query));
  }
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

Result<BlockTable> BlockTable::prepare(sqlite::Connection& connection, BlockCipher& cipher) {
  BlockTable table(cipher);
  const std::array<sqlite::PreparedAt, 12> all{{
      {&table.count_, kCount},
      {&table.last_, kLast},
      {&table.insert_, kInsert},
      {&table.next_, kNext},
      {&table.read_, kRead},
      {&table.around_, kAround},
      {&table.from_, kFrom},
      {&table.within_, kWithin},
      {&table.oldest_, kOldest},
      {&table.remove_, kRemove},
      {&table.find_, kFind},
      {&table.set_aside_, kSetAside},
  }};
  if (Status prepared = sqlite::prepare_all(connection, all); !prepared) {
    return prepared.error();
  }
  return table;
}

Result<CountedBlocks> BlockTable::count() {
  const sqlite::ResetAtExit reset(*count_);
  CountedBlocks counted;
  while (true) {
    const Result<bool> row = count_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return counted;
    }
    if (const SealMark mark = seal_at(*count_, 4);
        mark != SealMark::None && counted.seals.insert(mark).second) {
      if (Status key = check_key(*cipher_, mark); !key) {
        return key.error();
      }
    }
    StoredUsage& flow = counted.flows[FlowId(count_->integer(0))];
    flow.usage += {.blocks = 1, .records = count_at(*count_, 1), .bytes = count_at(*count_, 2)};
    flow.newest = Sequence(count_->integer(3));
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
  if (Status bound = bind_block(*insert_, flow, block, *cipher_); !bound) {
    return bound;
  }
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
  next_->bind(1, to_column(flow));
  next_->bind(2, to_column(after)).bind(3, to_column(behind));
  return found(*next_, index, *cipher_);
}

Result<std::optional<FoundBlock>> BlockTable::read(FlowId flow, FlowIndex index, Sequence first) {
  read_->bind(1, to_column(flow)).bind(2, to_column(first));
  return found(*read_, index, *cipher_);
}

Result<std::optional<FoundBlock>> BlockTable::around(FlowId flow, FlowIndex index,
                                                     Sequence sequence) {
  around_->bind(1, to_column(flow)).bind(2, to_column(sequence));
  Result<std::optional<FoundBlock>> block = found(*around_, index, *cipher_);
  if (block && block->has_value() && (*block)->last < sequence) {
    return std::optional<FoundBlock>();
  }
  return block;
}

Result<std::vector<StoredRow>> BlockTable::within(FlowId flow, SequenceRange range,
                                                  std::size_t most) {
  within_->bind(4, to_column(range.after));
  return rows(*within_, flow, range.last, most);
}

Result<std::vector<StoredRow>> BlockTable::oldest(FlowId flow, Sequence first, std::size_t most) {
  return rows(*oldest_, flow, first, most);
}

Result<std::vector<RowOutline>> BlockTable::from(FlowId flow, Sequence after, std::size_t most) {
  const sqlite::ResetAtExit reset(*from_);
  from_->bind(1, to_column(flow)).bind(2, to_column(after));
  from_->bind(3, static_cast<std::int64_t>(most));
  std::vector<RowOutline> rows;
  while (true) {
    const Result<bool> row = from_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return rows;
    }
    const auto first = Sequence(from_->integer(0));
    rows.push_back({first, advance(first, count_at(*from_, 1)), count_at(*from_, 2)});
  }
}

Status BlockTable::remove(Sequence first) {
  remove_->bind(1, to_column(first));
  return run_to_end(*remove_);
}

Result<bool> BlockTable::contains(FlowId flow, const Block& block) {
  const Result<std::optional<FoundBlock>> there = read(flow, block.flow, block.first);
  if (!there) {
    return there.error();
  }
  const BlockPtr stored = there->has_value() ? (*there)->block : nullptr;
  return stored != nullptr && stored->last() == block.last() && stored->data == block.data;
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
