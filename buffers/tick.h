// One transaction of the store: what goes into it, and what is different once it has taken place.
// Private to buffers/.
#pragma once

#include "buffers/pending.h"
#include "buffers/quota.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/clock.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

enum class TickKind {
  Everything,
  WithoutBlocks,  // only what makes room or needs next to none
};

// True if a transaction of this kind would have something to write.
bool has_work(const Pending& pending, const FileRoom& room, TickKind kind);

// What the ledger calls it.
std::string_view name_of(DropReason reason);

// One thread. The order within a transaction: room is made first and filled afterwards.
class Tick {
 public:
  Tick(const Pending& pending, FileRoom room, std::uint64_t number);

  // Writes and commits. After an error the transaction may have taken place all the same.
  Status commit(StoreFile& file, Pending& pending, TickKind kind, Timestamp now);

  [[nodiscard]] std::uint64_t number() const { return number_; }
  [[nodiscard]] std::uint64_t stored_bytes() const { return stored_bytes_; }
  [[nodiscard]] DropCounts dropped() const;
  [[nodiscard]] bool counted() const;  // the ledger is different now
  [[nodiscard]] bool more() const;     // there was more to remove than one transaction should

  // It has taken place, and settle() has been called: what has to be told to whom.
  std::vector<Answered> take_answers(Pending& pending);
  // Flows in which a block may now be found where there was none, and where the newest begins.
  [[nodiscard]] std::vector<std::pair<FlowIndex, Sequence>> look_again() const;

  // It has taken place: takes out of `pending` what is in the file now or need not be any more, and
  // returns the blocks among it in the order of their submission.
  std::vector<SealedBlock> settle(Pending& pending) const;

 private:
  struct FlowPart {
    std::size_t blocks = 0;        // from the front of what waits
    StoredUsage stored;            // afterwards
    bool prune = false;            // there is more to remove
    std::vector<Confirmed> saved;  // in the order of the sinks
    Ledger counted;
    bool look_again = false;
    Sequence through{};    // its blocks have been dealt with up to here
    Sequence expired{};    // what was too old up to here is gone
    bool blocked = false;  // its next block has to wait, and nothing may pass it
  };
  enum class Reception { Store, Wait, Drop };
  struct Decision {
    Reception reception = Reception::Wait;
    DropReason reason{};
  };
  struct Candidate {
    std::uint64_t arrival;
    std::size_t flow;
    const WaitingBlock* waiting;
  };

  Status write(StoreFile& file, Pending& pending, TickKind kind, Timestamp now);
  // In tick_dead.cpp.
  Status bury(StoreFile& file, Pending& pending, Timestamp now);
  Status bury_one(StoreFile& file, Pending& pending, const Burial& burial, Timestamp now);
  Status bury_input(StoreFile& file, const Pending& pending, const Candidate& candidate,
                    TickKind kind, Timestamp now);
  Status limit_dead(StoreFile& file, const Pending& pending);
  Status forget(StoreFile& file, const Pending& pending, const DeadRow& row);
  Status answer_dead(StoreFile& file, Pending& pending);
  Status carry_out(StoreFile& file, const Pending& pending, DeadRequest& request,
                   const DeadRow& row);
  Status requeue(StoreFile& file, const Pending& pending, DeadRequest& request, const DeadRow& row);
  Status forget_input(StoreFile& file, const Pending& pending, const DeadRow& row);
  Status count_dead(StoreFile& file, const Pending& pending, const DeadRow& row,
                    std::string_view what);
  // In tick_repairs.cpp.
  void repeat_holes(const Pending& pending);
  Result<const char*> fate(StoreFile& file, const FlowState& flow, Sequence first);
  Status split_blocks(StoreFile& file, Pending& pending);
  Status split_one(StoreFile& file, Pending& pending, std::size_t at);
  Status put_halves(StoreFile& file, Pending& pending, FlowIndex index, const Block& whole,
                    const std::pair<Block, Block>& halves);
  void uncover(const Pending& pending, FlowIndex index, SequenceRange range);

  Status write_cursors(StoreFile& file, const Pending& pending);
  Status prune(StoreFile& file, const Pending& pending);
  Status prune_flow(StoreFile& file, const FlowState& flow, FlowPart& part);
  Status set_aside(StoreFile& file, Pending& pending, Timestamp now);
  // In tick_room.cpp.
  Status expire(StoreFile& file, const Pending& pending);
  Status take_blocks(StoreFile& file, const Pending& pending, TickKind kind, Timestamp now);
  Result<bool> take(StoreFile& file, const Pending& pending, const Candidate& candidate,
                    TickKind kind);
  Result<Decision> find_room(StoreFile& file, const Pending& pending, const Candidate& candidate,
                             TickKind kind);
  Status make_room_in_file(StoreFile& file, const Pending& pending, const Candidate& candidate);
  Status drop_oldest(StoreFile& file, const Pending& pending, std::size_t flow, DropReason reason,
                     const std::function<bool()>& enough);
  Status drop_stored(StoreFile& file, const Pending& pending, std::size_t flow,
                     const StoredRow& row, DropReason reason);
  Status insert(StoreFile& file, const FlowState& flow, const Candidate& candidate);
  Status write_small_tables(StoreFile& file, const Pending& pending);
  Status write_ledger(StoreFile& file, const Pending& pending);
  static Status list_held(StoreFile& file, const Pending& pending);
  Status write_held(StoreFile& file, const Pending& pending);
  Status write_seals(StoreFile& file, const Pending& pending);
  Status write_states(StoreFile& file, const Pending& pending);
  [[nodiscard]] static std::vector<Candidate> candidates(const Pending& pending);
  // Limits of one transaction, so that the log stays small after a long trouble and requests of
  // sinks are answered in between. What is left follows at once in the next.
  static constexpr std::uint64_t kMostBytes = 4UL * 1024 * 1024;
  static constexpr std::size_t kMostRemoved = 1024;

  std::uint64_t number_;
  FileRoom room_;
  std::vector<FlowPart> flows_;
  Usage held_;
  std::set<SealMark> seals_;
  Sequence last_;
  std::uint64_t stored_bytes_ = 0;
  std::size_t dropped_blocks_ = 0;  // that were stored
  bool more_to_drop_ = false;
  std::optional<Priority> claimed_;         // what becomes free in the file is for such blocks
  std::vector<const WaitingBlock*> taken_;  // only within commit()
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
