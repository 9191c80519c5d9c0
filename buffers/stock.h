// What the file holds when it is opened, or when it is not known what it holds. Private to
// buffers/.
#pragma once

#include "buffers/block_table.h"
#include "buffers/store_file.h"
#include "core/result.h"

namespace sluice {

struct Stock {
  CountedBlocks blocks;
  bool counted = false;  // what the file says of it is missing or wrong, and has to be written
};

// Takes the word of the file if its index of blocks agrees; otherwise looks at every row. Reject: a
// key that has sealed some of them is not configured. Fatal: there are blocks that the index does
// not list, or the other way round.
Result<Stock> take_stock(StoreFile& file);

}  // namespace sluice
