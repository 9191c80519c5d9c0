// What the store thread has been given and the file does not hold yet. Private to buffers/.
#pragma once

#include "buffers/block_table.h"
#include "buffers/confirmed.h"
#include "buffers/repairs.h"
#include "buffers/sqlite_buffer.h"
#include "buffers/stock.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace sluice {

// Blocks and state rows that were handed over are numbered together, in the order of their arrival.
struct WaitingBlock {
  std::uint64_t arrival = 0;
  SealedBlock sealed;
  Instant deadline;  // until which it may wait in memory to be delivered, see Spill
};

// In memory, with its dead letters.
std::uint64_t bytes_of(const SealedBlock& sealed);
std::uint64_t bytes_of(const std::vector<DeadInput>& letters);
// The highest sequence that belongs to it.
Sequence last_of(const SealedBlock& sealed);

struct WaitingPut {
  std::uint64_t arrival = 0;
  StateRow row;
};

struct SinkState {
  std::string name;
  Confirmed confirmed;
  bool changed = false;            // the file has an older value
  std::vector<Sequence> handed{};  // first sequences of blocks it was given and has not confirmed
  // Records that came back from the dead letters in this run. Only what ends with the same record
  // confirms them: they may have come back while something behind them was already under way.
  std::vector<SequenceRange> returned{};
};

// Why records were given up.
enum class DropReason { Full, Disk, Age };
using DropCounts = std::array<std::uint64_t, 3>;  // records by reason

struct FlowState {
  FlowId id{};
  std::string name;
  std::uint64_t max_size = 0;
  WhenFull when_full = WhenFull::Block;
  Priority priority = Priority::Normal;
  bool in_file = false;
  std::vector<SinkState> sinks;
  StoredUsage stored;
  // A transaction that has put blocks together may have taken place or not. Nothing is read until
  // another one has: what is sent now might look different after a crash.
  bool in_doubt = false;
  bool prune = false;  // the file may hold blocks that every sink has confirmed
  Sequence expired{};  // stored blocks up to here are too old
  // Of what was settled without a transaction: what the ledger does not show yet, and up to where.
  Ledger passed;
  Sequence passed_through{};
  std::deque<WaitingBlock> waiting;
  std::uint64_t waiting_bytes = 0;
  std::size_t due = 0;  // of what waits, from the front: for the next transaction, see Spill
  Confirmed unburied;   // confirmed by burials that are not on the disk
  Ledger ledger;        // as in the file
  CutBlocks cut;

  // What every sink has; nothing if there is no sink.
  [[nodiscard]] Confirmed confirmed_by_all() const;
  // True if the block need not be stored: every sink has it, or there is nothing in it.
  [[nodiscard]] bool is_delivered(const Block& block) const;
  // True if the file holds a block that a sink has not got.
  [[nodiscard]] bool holds_unconfirmed() const;
  // True if a sink was given this block and has not confirmed it.
  [[nodiscard]] bool is_handed_out(Sequence first) const;
  // The oldest block that waits, begins after `after`, is not wholly confirmed and does not end
  // after `visible`; null if there is none.
  [[nodiscard]] BlockPtr next_waiting(Sequence after, const Confirmed& confirmed,
                                      Sequence visible) const;
  // Where the newest block begins that waits and does not end after `visible`; 0 if there is none.
  [[nodiscard]] Sequence newest_waiting(Sequence visible) const;
  // The block that begins there, or holds the sequence, if it is not in the file; null otherwise.
  [[nodiscard]] BlockPtr waiting_at(Sequence first) const;
  [[nodiscard]] BlockPtr waiting_around(Sequence sequence) const;
  // Moves the first `count` of what waits.
  void take(std::size_t count, std::vector<WaitingBlock>& into);
};

// In the order of their arrival.
std::vector<SealedBlock> in_order(std::vector<WaitingBlock> blocks);

// One thread.
struct Pending {
  // What the file holds for these routes. Writes nothing: a flow that is new gets its row with the
  // first transaction.
  static Result<Pending> load(StoreFile& file, const std::vector<Route>& routes);

  // The file has got a transaction of which nothing was noted here: notes everything that is in it.
  // Returns the blocks that need not wait any more, in the order of their submission.
  Result<std::vector<SealedBlock>> reconcile(StoreFile& file);

  void confirm(FlowIndex flow, SinkIndex sink, SequenceRange range);
  void hand_out(FlowIndex flow, SinkIndex sink, Sequence first);
  // Takes out the blocks that every sink has got before they were stored: they are settled without
  // ever being written. One with a state or dead letters waits until those are on the disk, and
  // those behind it in its flow with it. In the order of their submission.
  std::vector<SealedBlock> take_delivered();
  // The file may have forgotten some of what was confirmed.
  void write_confirmed_again();
  void bury(Burial burial);
  // A block has been found that does not match its checksum. False: it was known already.
  bool report_damage(FlowIndex flow, Sequence first);
  // As far as it does not depend on the routes; all flows are among the others then.
  void take(const Stock& stock);

  std::vector<FlowState> flows;  // in the order of the routes
  Usage held;                    // with the flows that left the configuration
  std::set<SealMark> seals;      // of blocks in the file
  // What is held had to be counted, and the next transaction writes it.
  bool unlisted = false;
  std::map<FlowId, Usage> others;  // held of flows that left the configuration, for that purpose
  Sequence last{};                 // by the file, no sequence up to here may be used again
  std::optional<Sequence> mark;    // what `last` should be
  Sequence given{};                // the highest sequence submitted since the start
  std::map<std::string, WaitingPut> puts;
  std::vector<Burial> burials;
  std::vector<SplitRequest> splits;
  std::vector<DeadRequest> dead_requests;
  DeadUsage dead;
  std::uint64_t dead_max_size = 0;
  int compression_level = 1;
  std::map<Sequence, FlowIndex> damaged;  // to be set aside
  std::set<Sequence> untouched;           // to be set aside, but the file is too damaged for that
};

}  // namespace sluice
