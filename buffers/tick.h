// One transaction of the store: what goes into it, and what is different once it has taken place.
// Private to buffers/.
#pragma once

#include "buffers/pending.h"
#include "buffers/quota.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <vector>

namespace sluice {

enum class TickKind {
  Everything,
  WithoutBlocks,  // only what makes room or needs next to none
};

// True if a transaction of this kind would have something to write.
bool has_work(const Pending& pending, const FileRoom& room, TickKind kind);

// One thread. The order within a transaction: room is made first and filled afterwards.
class Tick {
 public:
  Tick(const Pending& pending, FileRoom room, std::uint64_t number);

  // Writes and commits. After an error the transaction may have taken place all the same.
  Status commit(StoreFile& file, Pending& pending, TickKind kind, Timestamp now);

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] bool more() const;  // there was more to remove than one transaction should

  // It has taken place: takes out of `pending` what is in the file now, and returns the blocks
  // among it in the order of their submission.
  std::vector<SealedBlock> settle(Pending& pending) const;

 private:
  struct FlowPart {
    std::size_t blocks = 0;        // from the front of what waits
    StoredUsage stored;            // afterwards
    bool prune = false;            // there is more to remove
    std::vector<Confirmed> saved;  // in the order of the sinks
    std::uint64_t records_stored = 0;
    std::uint64_t records_delivered = 0;
    std::uint64_t records_damaged = 0;
  };
  struct Candidate {
    std::uint64_t arrival;
    std::size_t flow;
    const WaitingBlock* waiting;
  };

  Status write(StoreFile& file, Pending& pending, TickKind kind, Timestamp now);
  Status write_cursors(StoreFile& file, const Pending& pending);
  Status prune(StoreFile& file, const Pending& pending);
  Status prune_flow(StoreFile& file, const FlowState& flow, FlowPart& part);
  Status set_aside(StoreFile& file, Pending& pending, Timestamp now);
  Status insert_blocks(StoreFile& file, const Pending& pending);
  Status write_ledger(StoreFile& file, const Pending& pending);
  Status write_states(StoreFile& file, const Pending& pending);
  [[nodiscard]] static std::vector<Candidate> candidates(const Pending& pending);

  std::uint64_t number_;
  FileRoom room_;
  std::vector<FlowPart> flows_;
  Usage held_;
  Sequence last_;
  std::vector<const WaitingBlock*> stored_;  // only within commit()
  std::vector<Sequence> set_aside_;
  std::uint64_t puts_through_ = 0;  // arrival of the newest put in the transaction
};

}  // namespace sluice
