// What the records of a damaged file may be, judged by their columns. Private to buffers/.
#pragma once

#include "buffers/block_checksum.h"
#include "buffers/btree_page.h"
#include "buffers/damaged_pages.h"
#include "buffers/found_rows.h"
#include "buffers/salvaged_file.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::carved {

// Columns from `from` to `to`, without that.
bool integers(const PageRecord& columns, std::size_t from, std::size_t to);
std::int64_t integer(const PageRecord& columns, std::string_view record, std::size_t column);
std::string_view bytes(const PageRecord& columns, std::string_view record, std::size_t column);

bool looks_like_block(const PageRecord& columns);
bool looks_like_dead(const PageRecord& columns);
bool looks_like_meta(const TreeCell& cell, const PageRecord& columns);

// The views in it are into `record`.
FoundBlockRow block_of(std::int64_t rowid, const PageRecord& columns, std::string_view record);
FoundDeadRow dead_of(std::int64_t rowid, const PageRecord& columns, std::string_view record);

// In the order in which versions are to be believed, see PageVersion.
Trust trust_in(const PageVersion& version);
// In the order in which they were written.
Age age_of(const PageVersion& version);

// True if the row matches its checksum.
bool sound(const FoundBlockRow& row);

}  // namespace sluice::carved
