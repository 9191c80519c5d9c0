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
#include <utility>
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
  [[nodiscard]] bool counted() const;  // the ledger is different now
  [[nodiscard]] bool more() const;     // there was more to remove than one transaction should

  // It has taken place, and settle() has been called: what has to be told to whom.
  std::vector<Answered> take_answers(Pending& pending);
  // Flows in which a block may now be found where there was none, and where the newest begins.
  [[nodiscard]] std::vector<std::pair<FlowIndex, Sequence>> look_again() const;

  // It has taken place: takes out of `pending` what is in the file now, and returns the blocks
  // among it in the order of their submission.
  std::vector<SealedBlock> settle(Pending& pending) const;

 private:
  struct FlowPart {
    std::size_t blocks = 0;        // from the front of what waits
    StoredUsage stored;            // afterwards
    bool prune = false;            // there is more to remove
    std::vector<Confirmed> saved;  // in the order of the sinks
    Ledger counted;
    bool look_again = false;
  };
  struct Candidate {
    std::uint64_t arrival;
    std::size_t flow;
    const WaitingBlock* waiting;
  };

  Status write(StoreFile& file, Pending& pending, TickKind kind, Timestamp now);
  // In tick_repairs.cpp.
  void repeat_holes(const Pending& pending);
  Status bury(StoreFile& file, Pending& pending, Timestamp now);
  Status bury_one(StoreFile& file, Pending& pending, const Burial& burial, Timestamp now);
  Status limit_dead(StoreFile& file, const Pending& pending);
  Status forget(StoreFile& file, const Pending& pending, const DeadRow& row);
  Result<const char*> fate(StoreFile& file, const FlowState& flow, Sequence first);
  Status split_blocks(StoreFile& file, Pending& pending);
  Status split_one(StoreFile& file, Pending& pending, std::size_t at);
  Status put_halves(StoreFile& file, Pending& pending, FlowIndex index, const Block& whole,
                    const std::pair<Block, Block>& halves);
  void uncover(const Pending& pending, FlowIndex index, SequenceRange range);
  Status answer_dead(StoreFile& file, Pending& pending);
  Status requeue(StoreFile& file, const Pending& pending, DeadRequest& request, const DeadRow& row);

  Status write_cursors(StoreFile& file, const Pending& pending);
  Status prune(StoreFile& file, const Pending& pending);
  Status prune_flow(StoreFile& file, const FlowState& flow, FlowPart& part);
  Status set_aside(StoreFile& file, Pending& pending, Timestamp now);
  Status insert_blocks(StoreFile& file, const Pending& pending);
  Status write_small_tables(StoreFile& file, const Pending& pending);
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
  std::size_t buried_ = 0;  // from the front
  DeadUsage dead_;
  std::vector<Hole> holes_;
  std::vector<Hole> returned_;                         // of the holes
  std::vector<std::pair<std::size_t, Status>> split_;  // by position
  std::vector<std::pair<std::size_t, Status>> dead_done_;
  bool splits_left_ = false;
  std::uint64_t puts_through_ = 0;  // arrival of the newest put in the transaction
};

}  // namespace sluice
