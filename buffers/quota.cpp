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

std::uint64_t first_bytes(const FlowState& flow) {
  return flow.waiting.front().sealed.block->data.size();
}

// True if the flow waits for room in the file and the others cannot make it.
bool is_stuck(const Pending& pending, const FlowState& flow, const FileRoom& room) {
  if (flow.due == 0 || flow.when_full != WhenFull::Block ||
      flow.is_delivered(*flow.waiting.front().sealed.block) ||
      !fits(flow, flow.stored.usage, first_bytes(flow)) || room.fits(first_bytes(flow))) {
    return false;
  }
  std::uint64_t given = 0;
  for (const FlowState& other : pending.flows) {
    given += gives_way(other, flow.priority) ? file_bytes(other.stored.usage) : 0;
  }
  return given < room.missing(first_bytes(flow));
}

}  // namespace

bool FileRoom::fits(std::uint64_t block_bytes) const {
  return missing(block_bytes) == 0;
}

std::uint64_t FileRoom::missing(std::uint64_t block_bytes) const {
  const std::uint64_t wanted = used_ + size_in_file(block_bytes);
  return wanted - std::min(wanted, limit());
}

std::uint64_t FileRoom::limit() const {
  return std::min(max_size_, disk_limit_);
}

DropReason FileRoom::shortage() const {
  return disk_limit_ < max_size_ ? DropReason::Disk : DropReason::Full;
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

// Not less than the blocks took by size_in_file(): one must be able to take the place of another.
std::uint64_t file_bytes(const Usage& blocks) {
  return blocks.blocks == 0
             ? 0
             : blocks.bytes + blocks.blocks * std::min(kPageSize, blocks.bytes / blocks.blocks);
}

bool gives_way(const FlowState& flow, Priority to) {
  return flow.when_full == WhenFull::DropOldest && flow.priority < to;
}

bool gets_on(const Pending& pending, const FlowState& flow, const FileRoom& room) {
  if (flow.due == 0) {
    return false;
  }
  if (flow.when_full != WhenFull::Block || flow.is_delivered(*flow.waiting.front().sealed.block)) {
    return true;
  }
  if (!fits(flow, flow.stored.usage, first_bytes(flow)) || is_stuck(pending, flow, room)) {
    return false;
  }
  // What becomes free is for the blocks of a higher priority.
  return std::ranges::none_of(pending.flows, [&](const FlowState& other) {
    return other.priority > flow.priority && is_stuck(pending, other, room);
  });
}

}  // namespace sluice
