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

Need first_need(const FlowState& flow) {
  return need_of(flow, flow.waiting.front().sealed);
}

// True if the flow waits for room in the file and the others cannot make it.
bool is_stuck(const Pending& pending, const FlowState& flow, const FileRoom& room) {
  if (flow.due == 0 || flow.when_full != WhenFull::Block) {
    return false;
  }
  const Need need = first_need(flow);
  if (need.in_file == 0 || !fits(flow, flow.stored.usage, need.in_flow) ||
      room.fits(need.in_file)) {
    return false;
  }
  std::uint64_t given = 0;
  for (const FlowState& other : pending.flows) {
    given += gives_way(other, flow.priority) ? file_bytes(other.stored.usage) : 0;
  }
  return given < room.missing(need.in_file);
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

Need need_of(const FlowState& flow, const SealedBlock& sealed) {
  Need need;
  if (!flow.is_delivered(*sealed.block)) {
    need = {.in_flow = sealed.block->data.size(), .in_file = sealed.block->data.size()};
  }
  if (flow.when_full == WhenFull::Block) {
    need.in_file += bytes_of(sealed.dead);
  }
  return need;
}

bool fits(const FlowState& flow, const Usage& stored, std::uint64_t block_bytes) {
  return block_bytes == 0 || stored.blocks == 0 || stored.bytes + block_bytes <= flow.max_size;
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
  const Need need = first_need(flow);
  if (flow.when_full != WhenFull::Block || need.in_file == 0) {
    return true;
  }
  if (!fits(flow, flow.stored.usage, need.in_flow) || is_stuck(pending, flow, room)) {
    return false;
  }
  // What becomes free is for the blocks of a higher priority.
  return std::ranges::none_of(pending.flows, [&](const FlowState& other) {
    return other.priority > flow.priority && is_stuck(pending, other, room);
  });
}

}  // namespace sluice
