// What the file holds of each flow, kept beside the ledger, so that nobody has to look at every
// block to know it; and the keys that have sealed any of them. Private to buffers/.
#pragma once

#include "buffers/block_cipher.h"
#include "buffers/block_table.h"
#include "buffers/sqlite_handle.h"
#include "core/result.h"

#include <map>
#include <optional>
#include <set>

namespace sluice {

// One thread; gone before its connection. Whoever changes blocks changes this in the same
// transaction.
class HeldTable {
 public:
  static Result<HeldTable> prepare(sqlite::Connection& connection);

  // Of every flow that has blocks. Nothing: the file does not say, or its index has another number
  // of them; then they have to be counted.
  Result<std::optional<std::map<FlowId, StoredUsage>>> usage();
  // What the file says, where it says all of it.
  Result<std::map<FlowId, Usage>> said();
  // Blocks by flow, as the index has them.
  Result<std::map<FlowId, StoredUsage>> listed();

  // From here on the file says nothing of any flow.
  Status clear();
  Status set(FlowId flow, const Usage& usage);
  // Of a flow of which the file says nothing it still says nothing.
  Status change(FlowId flow, const Usage& removed, const Usage& added);

  // Up to where the blocks of a flow have been dealt with: stored, or settled in another way. A
  // salvaged file says it of no flow.
  Result<std::map<FlowId, Sequence>> through();
  Status set_through(FlowId flow, Sequence last);

  // Of every block with a seal, one of these has made it; some may have none any more.
  Result<std::set<SealMark>> seals();
  Status set_seals(const std::set<SealMark>& seals);

 private:
  HeldTable() = default;

  std::optional<sqlite::Statement> index_, figures_, set_, change_, clear_, through_, seals_,
      add_seal_, remove_seals_;
};

}  // namespace sluice
