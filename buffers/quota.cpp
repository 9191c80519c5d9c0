#include "buffers/quota.h"

#include "buffers/schema.h"

#include <algorithm>

namespace sluice {

namespace {

// What a block takes in the file: small ones share a page, large ones fill pages of their own.
std::uint64_t size_in_file(std::uint64_t block_bytes) {
  constexpr std::uint64_t kRowOverhead = 128;
  const std::uint64_t bytes = block_bytes + kRowOverhead;
  return bytes < kPageSize ? bytes : (bytes + kPageSize - 1) / kPageSize * kPageSize;
}

}  // namespace

bool FileRoom::fits(std::uint64_t block_bytes) const {
  return used_ + size_in_file(block_bytes) <= max_size_;
}

void FileRoom::take(std::uint64_t block_bytes) {
  used_ += size_in_file(block_bytes);
}

void FileRoom::give_back(std::uint64_t block_bytes) {
  // Only whole pages become free for sure.
  used_ -= std::min(used_, block_bytes / kPageSize * kPageSize);
}

bool fits(const FlowState& flow, const Usage& stored, std::uint64_t block_bytes) {
  return stored.blocks == 0 || stored.bytes + block_bytes <= flow.max_size;
}

bool can_store(const FlowState& flow, const FileRoom& room) {
  if (flow.due == 0) {
    return false;
  }
  const Block& block = *flow.waiting.front().sealed.block;
  const std::uint64_t bytes = block.data.size();
  return flow.is_delivered(block) ||
         (fits(flow, flow.stored.usage, bytes) && room.fits(bytes));
}

}  // namespace sluice
