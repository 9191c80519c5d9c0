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
  [[nodiscard]] bool empty() const { return count == 0; }  // see SealedBlock
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

// Why a record goes no further.
struct DeadLetter {
  std::string reason;  // one word, for counting: refused, too_large, invalid_json
  std::string detail;  // in words, at most 4 KiB: what the destination said, where decoding ended
};

// A message, or a record of one, that no sink will ever be sent, because it could not be decoded or
// transformed.
struct DeadInput {
  BlockPtr block;  // of one record, with a sequence of its own: what is needed to try it again
  DeadLetter why;
};

// Records of a flow on the way to the lines, in the words of the ledger: `received` and `made`, and
// what became of those that are not in the block: `filtered`, `aggregated`, `dropped_error`. The
// buffer itself counts `stored` and, for each of the dead letters, `dead_input`.
struct Counted {
  std::string what;
  std::uint64_t records = 0;
};

// All of it reaches the disk in one transaction.
struct SealedBlock {
  // Never null. A block without records (count 0, skipped 1, no data) uses up one sequence; it is
  // not stored and no sink ever sees it. It is settled when its state and dead letters are on the
  // disk, after everything that its flow has submitted before.
  BlockPtr block;
  std::vector<StateRow> state{};
  std::vector<Counted> counted{};
  std::vector<DeadInput> dead{};
};

}  // namespace sluice
