// Whether there is room for a block. Private to buffers/.
#pragma once

#include "buffers/pending.h"

#include <cstdint>
#include <limits>

namespace sluice {

// Room in the file as a whole: by its own limit, and by what the disk still has. Copied for each
// transaction, which counts what it takes and gives back.
class FileRoom {
 public:
  explicit FileRoom(std::uint64_t max_size) : max_size_(max_size) {}

  // What the file really uses, measured between transactions or within one.
  void measured(std::uint64_t used_bytes) { used_ = used_bytes; }
  // How large the file may become without taking the disk's last room.
  void limit_by_disk(std::uint64_t file_bytes) { disk_limit_ = file_bytes; }

  [[nodiscard]] bool fits(std::uint64_t block_bytes) const;
  // How much has to go before it fits.
  [[nodiscard]] std::uint64_t missing(std::uint64_t block_bytes) const;
  [[nodiscard]] std::uint64_t used() const { return used_; }
  [[nodiscard]] std::uint64_t limit() const;  // the narrower of the two
  // Why something does not fit.
  [[nodiscard]] DropReason shortage() const;
  void take(std::uint64_t block_bytes);
  void give_back(std::uint64_t block_bytes);

 private:
  std::uint64_t max_size_;
  std::uint64_t disk_limit_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t used_ = 0;
};

// The bytes for which a block that waits needs room.
struct Need {
  std::uint64_t in_flow = 0;
  std::uint64_t in_file = 0;
};
// Dead letters wait for room, unless the flow gives things up: then they are what goes.
Need need_of(const FlowState& flow, const SealedBlock& sealed);

// Room by the limit of the flow. A flow that holds nothing always takes one block: otherwise a
// block larger than the limit would stand still for ever, and everything behind it.
bool fits(const FlowState& flow, const Usage& stored, std::uint64_t block_bytes);

// What would become free in the file without these blocks, about.
std::uint64_t file_bytes(const Usage& blocks);

// True if `flow` has to make room in the file for a block of this priority.
bool gives_way(const FlowState& flow, Priority to);

// True if a transaction would get on with the first block of `flow`, which is due: store it, drop
// it, or find that it need not be stored any more.
bool gets_on(const Pending& pending, const FlowState& flow, const FileRoom& room);

}  // namespace sluice
