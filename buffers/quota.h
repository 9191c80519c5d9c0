// Whether there is room for a block. Private to buffers/.
#pragma once

#include "buffers/pending.h"

#include <cstdint>

namespace sluice {

// Room in the file as a whole, by its own limit, not the disk's. Copied for each transaction, which
// counts what it takes and gives back.
class FileRoom {
 public:
  explicit FileRoom(std::uint64_t max_size) : max_size_(max_size) {}

  // What the file really uses, measured between transactions.
  void measured(std::uint64_t used_bytes) { used_ = used_bytes; }

  [[nodiscard]] bool fits(std::uint64_t block_bytes) const;
  void take(std::uint64_t block_bytes);
  void give_back(std::uint64_t block_bytes);

 private:
  std::uint64_t max_size_;
  std::uint64_t used_ = 0;
};

// Room by the limit of the flow. A flow that holds nothing always takes one block: otherwise a
// block larger than the limit would stand still for ever, and everything behind it.
bool fits(const FlowState& flow, const Usage& stored, std::uint64_t block_bytes);

// True if the first block that waits in the flow is due and could be stored now, or need not be
// stored any more.
bool can_store(const FlowState& flow, const FileRoom& room);

}  // namespace sluice
