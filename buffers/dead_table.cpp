#include "buffers/dead_table.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace sluice {

namespace {

// As in `block`, where the first sequence is the id.
#define SLUICE_DEAD_BLOCK "first, flow, n, raw_bytes, codec, min_ts, max_ts, crc, data, skipped"
#define SLUICE_DEAD_REST ", id, sink, reason, detail, at, " SLUICE_FRAME_BYTES

constexpr int kRest = kBlockColumns;

constexpr const char* kUsage =
    "SELECT count(*), coalesce(sum(" SLUICE_FRAME_BYTES "), 0) FROM dead";
constexpr const char* kContains = "SELECT 1 FROM dead WHERE flow = ?1 AND first = ?2 AND sink = ?3";
constexpr const char* kInsert = "INSERT INTO dead(" SLUICE_DEAD_BLOCK
                                ", sink, reason, detail, at)"
                                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
                                " ?14)";
constexpr const char* kFind =
    "SELECT " SLUICE_DEAD_BLOCK SLUICE_DEAD_REST " FROM dead WHERE id = ?1";
constexpr const char* kOldest = "SELECT " SLUICE_DEAD_BLOCK SLUICE_DEAD_REST
                                " FROM dead WHERE length(data) > 0 ORDER BY id LIMIT 1";
constexpr const char* kList =
    "SELECT first, flow, n, raw_bytes, codec, min_ts, max_ts, crc, NULL, skipped" SLUICE_DEAD_REST
    " FROM dead WHERE id > ?1 AND length(data) > 0 ORDER BY id LIMIT ?2";
constexpr const char* kSinks = "SELECT sink FROM dead WHERE flow = ?1 AND first = ?2";
constexpr const char* kRemove = "DELETE FROM dead WHERE id = ?1";
constexpr const char* kHollow = "UPDATE dead SET data = x'' WHERE id = ?1";
constexpr const char* kRemoveHollow =
    "DELETE FROM dead WHERE flow = ?1 AND first = ?2 AND length(data) = 0";

DeadRow outline(const sqlite::Statement& row) {
  return {.id = DeadId(row.integer(kRest)),
          .flow = FlowId(row.integer(1)),
          .sink = std::string(row.bytes(kRest + 1)),
          .first = Sequence(row.integer(0)),
          .last = last_of_row(row),
          .records = static_cast<std::uint64_t>(std::max<std::int64_t>(row.integer(2), 0)),
          .bytes = static_cast<std::uint64_t>(row.integer(kRest + 5)),
          .why = {.reason = std::string(row.bytes(kRest + 2)),
                  .detail = std::string(row.bytes(kRest + 3))},
          .at = Timestamp(std::chrono::milliseconds(row.integer(kRest + 4))),
          .block = nullptr};
}

Result<std::optional<DeadRow>> one_row(sqlite::Statement& query, std::optional<FlowIndex> index,
                                       BlockCipher& cipher) {
  const sqlite::ResetAtExit reset(query);
  const Result<bool> row = query.step();
  if (!row) {
    return row.error();
  }
  if (!*row) {
    return std::optional<DeadRow>();
  }
  DeadRow found = outline(query);
  if (index) {
    found.block = read_block(query, *index, cipher);
  }
  return std::optional(std::move(found));
}

}  // namespace

Result<DeadTable> DeadTable::prepare(sqlite::Connection& connection, BlockCipher& cipher) {
  DeadTable table(cipher);
  const std::array<sqlite::PreparedAt, 10> all{{
      {&table.usage_, kUsage},
      {&table.contains_, kContains},
      {&table.insert_, kInsert},
      {&table.find_, kFind},
      {&table.oldest_, kOldest},
      {&table.list_, kList},
      {&table.sinks_, kSinks},
      {&table.remove_, kRemove},
      {&table.hollow_, kHollow},
      {&table.remove_hollow_, kRemoveHollow},
  }};
  if (Status prepared = sqlite::prepare_all(connection, all); !prepared) {
    return prepared.error();
  }
  return table;
}

Result<DeadUsage> DeadTable::usage() {
  const sqlite::ResetAtExit reset(*usage_);
  if (const Result<bool> row = usage_->step(); !row) {
    return row.error();
  }
  return DeadUsage{static_cast<std::uint64_t>(usage_->integer(0)),
                   static_cast<std::uint64_t>(usage_->integer(1))};
}

Result<bool> DeadTable::contains(FlowId flow, Sequence first, std::string_view sink) {
  const sqlite::ResetAtExit reset(*contains_);
  return contains_->bind(1, to_column(flow)).bind(2, to_column(first)).bind(3, sink).step();
}

Status DeadTable::insert(FlowId flow, std::string_view sink, const Block& block,
                         const DeadLetter& why, Timestamp now) {
  if (Status bound = bind_block(*insert_, flow, block, *cipher_); !bound) {
    return bound;
  }
  insert_->bind(kRest + 1, sink).bind(kRest + 2, std::string_view(why.reason));
  insert_->bind(kRest + 3, std::string_view(why.detail));
  insert_->bind(kRest + 4, now.time_since_epoch().count());
  return run_to_end(*insert_);
}

Result<std::optional<DeadRow>> DeadTable::find(DeadId id, FlowIndex index) {
  find_->bind(1, static_cast<std::int64_t>(id));
  return one_row(*find_, index, *cipher_);
}

Result<std::optional<DeadRow>> DeadTable::oldest() {
  return one_row(*oldest_, std::nullopt, *cipher_);
}

Result<std::vector<DeadRow>> DeadTable::list(DeadId after, std::size_t most) {
  const sqlite::ResetAtExit reset(*list_);
  list_->bind(1, static_cast<std::int64_t>(after)).bind(2, static_cast<std::int64_t>(most));
  std::vector<DeadRow> rows;
  while (true) {
    const Result<bool> row = list_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return rows;
    }
    rows.push_back(outline(*list_));
  }
}

Result<std::vector<std::string>> DeadTable::sinks_of(FlowId flow, Sequence first) {
  const sqlite::ResetAtExit reset(*sinks_);
  sinks_->bind(1, to_column(flow)).bind(2, to_column(first));
  std::vector<std::string> sinks;
  while (true) {
    const Result<bool> row = sinks_->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return sinks;
    }
    sinks.emplace_back(sinks_->bytes(0));
  }
}

Status DeadTable::remove(DeadId id) {
  remove_->bind(1, static_cast<std::int64_t>(id));
  return run_to_end(*remove_);
}

Status DeadTable::hollow(DeadId id) {
  hollow_->bind(1, static_cast<std::int64_t>(id));
  return run_to_end(*hollow_);
}

Status DeadTable::remove_hollow(FlowId flow, Sequence first) {
  remove_hollow_->bind(1, to_column(flow)).bind(2, to_column(first));
  return run_to_end(*remove_hollow_);
}

}  // namespace sluice
