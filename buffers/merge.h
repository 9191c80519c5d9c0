// Small blocks become larger ones before they are sent for the first time. Private to buffers/.
#pragma once

#include "buffers/pending.h"
#include "buffers/quota.h"
#include "buffers/readers.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

// A quiet source seals a block a second, and a week without its sink makes 600,000 of them: as many
// requests, each for a few records. So at least kFewest neighbours are put together, up to
// kLargest, and that again when there are enough of the result. A block is taken only into one that
// is kGrowth times as large, so a record is rewritten three or four times at most.
//
// A block that may have been sent keeps its bytes, or its idempotency key would mean something
// else. So only blocks are touched that were stored by this run of the agent and have not been
// handed out.
//
// One thread.
class Merger {
 public:
  static constexpr std::size_t kFewest = 16;
  static constexpr std::uint64_t kSmall = 64UL * 1024;  // lines before compression, as below
  static constexpr std::uint64_t kLargest = 256UL * 1024;
  static constexpr std::uint64_t kGrowth = 4;

  explicit Merger(const Pending& pending);

  void stored(const Block& block);
  [[nodiscard]] bool wanted() const;

  // One transaction with the given number, which takes place completely or not at all. True if
  // there was something to do. After an error it may have taken place all the same; the flows
  // concerned are in doubt then.
  Result<bool> merge(StoreFile& file, Pending& pending, const Readers& readers,
                     std::uint64_t number);

 private:
  struct Flow {
    std::size_t stored = 0;    // small blocks since the last look
    Sequence settled_until{};  // nothing up to here will ever be merged
  };
  struct Change {
    std::size_t flow = 0;
    std::vector<RowOutline> members;
    Usage removed;
    Usage added;
  };

  [[nodiscard]] Result<std::vector<Change>> plan(StoreFile& file, const Pending& pending,
                                                 const Readers& readers);
  Result<std::vector<RowOutline>> find(StoreFile& file, const Pending& pending,
                                       const Readers& readers, std::size_t flow);
  Result<bool> carry_out(StoreFile& file, Pending& pending, Change& change);
  static Status replace(StoreFile& file, FlowId flow, const std::vector<BlockPtr>& members,
                        const Block& whole);

  const Sequence before_;  // blocks up to here were stored by earlier runs
  std::vector<Flow> flows_;
};

}  // namespace sluice
