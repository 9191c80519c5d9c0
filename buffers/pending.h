// What the store thread has been given and the file does not hold yet. Private to buffers/.
#pragma once

#include "buffers/block_table.h"
#include "buffers/confirmed.h"
#include "buffers/repairs.h"
#include "buffers/sqlite_buffer.h"
#include "buffers/store_file.h"
#include "core/block.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice {

// Blocks and state rows that were handed over are numbered together, in the order of their arrival.
struct WaitingBlock {
  std::uint64_t arrival = 0;
  SealedBlock sealed;
};

struct WaitingPut {
  std::uint64_t arrival = 0;
  StateRow row;
};

struct SinkState {
  std::string name;
  Confirmed confirmed;
  bool changed = false;  // the file has an older value
  // Records that came back from the dead letters in this run. Only what ends with the same record
  // confirms them: they may have come back while something behind them was already under way.
  std::vector<SequenceRange> returned;
};

struct FlowState {
  FlowId id{};
  std::string name;
  std::uint64_t max_size = 0;
  bool in_file = false;
  std::vector<SinkState> sinks;
  StoredUsage stored;
  // A transaction that has put blocks together may have taken place or not. Nothing is read until
  // another one has: what is sent now might look different after a crash.
  bool in_doubt = false;
  bool prune = false;  // the file may hold blocks that every sink has confirmed
  std::deque<WaitingBlock> waiting;
  std::uint64_t waiting_bytes = 0;
  Confirmed unburied;  // confirmed by burials that are not on the disk
  Ledger ledger;       // as in the file
  CutBlocks cut;

  // What every sink has; nothing if there is no sink.
  [[nodiscard]] Confirmed confirmed_by_all() const;
  // True if the block need not be stored any more: every sink has it.
  [[nodiscard]] bool is_delivered(const Block& block) const;
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
  void bury(Burial burial);
  // A block has been found that does not match its checksum. False: it was known already.
  bool report_damage(FlowIndex flow, Sequence first);

  std::vector<FlowState> flows;  // in the order of the routes
  Usage held;                    // with the flows that left the configuration
  Sequence last{};               // the highest sequence ever stored or confirmed
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
