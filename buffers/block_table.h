// The rows of the tables `block` and `quarantine`. Private to buffers/.
#pragma once

#include "buffers/block_row.h"
#include "buffers/confirmed.h"
#include "buffers/sqlite_handle.h"
#include "core/block.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace sluice {

// What is stored, in figures.
struct Usage {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // of the frames

  Usage& operator+=(const Usage& more);
  friend bool operator==(const Usage&, const Usage&) = default;
  Usage& operator-=(const Usage& less);  // stops at 0: a damaged row may claim any size
};

struct StoredUsage {
  Usage usage;
  Sequence newest{};  // first sequence of the newest block ever; 0 if that is not known
};

// All blocks, also those of flows that left the configuration.
struct CountedBlocks {
  std::map<FlowId, StoredUsage> flows;  // those that have blocks
  std::set<SealMark> seals{};           // all that were used, and perhaps more
};

// A row without its data.
struct StoredRow {
  Sequence first{};
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

// Where a row lies and how large it would be without compression.
struct RowOutline {
  Sequence first{};
  Sequence last{};
  std::uint64_t raw_bytes = 0;
};

struct FoundBlock {
  Sequence first{};
  Sequence last{};  // by what the row says
  BlockPtr block;   // null: it does not match its checksum
};

// One thread; gone before its connection.
class BlockTable {
 public:
  // `cipher` outlives the table.
  static Result<BlockTable> prepare(sqlite::Connection& connection, BlockCipher& cipher);

  // Looks at every row. Reject: it needs a key that is not configured.
  Result<CountedBlocks> count();
  Result<Sequence> last_sequence();  // 0 if there is no block

  Status insert(FlowId flow, const Block& block);
  // The oldest block of the flow that begins after `after` and is not wholly confirmed.
  Result<std::optional<FoundBlock>> next(FlowId flow, FlowIndex index, Sequence after,
                                         const Confirmed& confirmed);
  Result<std::optional<FoundBlock>> read(FlowId flow, FlowIndex index, Sequence first);
  // The block that holds the record with this sequence.
  Result<std::optional<FoundBlock>> around(FlowId flow, FlowIndex index, Sequence sequence);
  // The blocks that begin after `after`, in order, at most `most` of them.
  Result<std::vector<RowOutline>> from(FlowId flow, Sequence after, std::size_t most);
  // The oldest blocks of the flow that lie in the range, at most `most` of them.
  Result<std::vector<StoredRow>> within(FlowId flow, SequenceRange range, std::size_t most);
  // The oldest blocks of the flow that begin at or before `first`, at most `most` of them.
  Result<std::vector<StoredRow>> oldest(FlowId flow, Sequence first, std::size_t most);
  Status remove(Sequence first);

  Result<bool> contains(FlowId flow, const Block& block);  // exactly this one
  Result<std::optional<StoredRow>> find(Sequence first);
  // Moves the row to the quarantine as it is.
  Status set_aside(Sequence first, std::string_view reason, Timestamp now);

 private:
  explicit BlockTable(BlockCipher& cipher) : cipher_(&cipher) {}

  BlockCipher* cipher_;
  // The oldest block of the flow that begins after `after` and ends after `behind`.
  Result<std::optional<FoundBlock>> next(FlowId flow, FlowIndex index, Sequence after,
                                         Sequence behind);

  std::optional<sqlite::Statement> count_, last_, insert_, next_, read_, around_, from_, within_,
      oldest_, remove_, find_, set_aside_;
};

}  // namespace sluice
