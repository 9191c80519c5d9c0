// Cutting blocks in two and putting small ones together. Private to buffers/.
#pragma once

#include "core/block.h"
#include "core/result.h"

#include <utility>
#include <vector>

namespace sluice {

// The same block gives the same bytes every time.

// At the record boundary in the middle. Reject: it has one record, or its lines cannot be told
// apart.
Result<std::pair<Block, Block>> split_block(const Block& block, int compression_level);

// Blocks of one flow in their order, at least one. Reject: their lines do not tell their sequences,
// so that the result could not be cut again.
Result<Block> merge_blocks(const std::vector<BlockPtr>& blocks, int compression_level);

}  // namespace sluice
