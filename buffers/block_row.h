// A block as the columns of a row, with its checksum. Private to buffers/.
#pragma once

#include "buffers/sqlite_handle.h"
#include "core/block.h"
#include "core/ids.h"

#include <cstdint>

namespace sluice {

// A flow as the file knows it; the position in the configuration may change, this does not.
enum class FlowId : std::int64_t {};

// In this order blocks are bound, from parameter 1 on, and read, from column 0 on.
#define SLUICE_BLOCK_COLUMNS "id, flow, n, raw_bytes, codec, min_ts, max_ts, crc, data, skipped"
constexpr int kBlockColumns = 10;

// A damaged count must neither overflow a sum nor become negative.
#define SLUICE_SANE_COUNT "min(max(n, 0), 4294967295)"
#define SLUICE_SANE_SKIPPED "min(max(skipped, 0), 4294967295)"

std::int64_t to_column(Sequence sequence);
std::int64_t to_column(FlowId flow);

std::uint32_t block_checksum(FlowId flow, const Block& block);
// `block` outlives the use of the statement.
void bind_block(sqlite::Statement& statement, FlowId flow, const Block& block);
// Null if the row does not match its checksum.
BlockPtr read_block(const sqlite::Statement& row, FlowIndex index);
// By what the row says, which may be damaged.
Sequence last_of_row(const sqlite::Statement& row);

}  // namespace sluice
