// The unit in which records are stored, sent, confirmed and repaired.
#pragma once

#include "core/clock.h"
#include "core/ids.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// What the bytes of a block are. The numbers are part of the file format.
enum class Codec : std::uint8_t {
  Ndjson = 0,      // plain lines
  ZstdNdjson = 1,  // one complete zstd frame with content size and checksum
};

// 1..n records of one flow in ascending order of their sequences, one JSON object a line. All
// sequences from `first` on are its own, except in a block that was put together from several:
// between their records lie `skipped` sequences of other flows.
// One block is one row in the buffer, one zstd frame, one request upstream, one idempotency key.
struct Block {
  FlowIndex flow{};
  Sequence first{};
  std::uint32_t count = 0;
  std::uint32_t skipped = 0;
  std::uint32_t raw_bytes = 0;  // size of the lines before compression
  Codec codec = Codec::ZstdNdjson;
  Timestamp min_time;
  Timestamp max_time;
  std::string data;

  [[nodiscard]] Sequence last() const { return advance(first, std::uint64_t{count} + skipped - 1); }
};

// Shared because a block in memory may be in the hands of several sinks at once. Never changed.
using BlockPtr = std::shared_ptr<const Block>;

// Something small that must be on disk exactly when the block is: the packet ids a source has
// received, the state of a transform. Written over the earlier value of the same key; an empty
// value removes the key.
struct StateRow {
  std::string key;
  std::string value;
};

struct SealedBlock {
  BlockPtr block;
  std::vector<StateRow> state;
};

}  // namespace sluice
