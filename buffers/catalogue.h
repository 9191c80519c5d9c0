// The small tables: meta, flow, cursor, confirmed, state and ledger. Private to buffers/.
#pragma once

#include "buffers/block_table.h"
#include "buffers/confirmed.h"
#include "buffers/ledger.h"
#include "buffers/sqlite_handle.h"
#include "core/block.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

struct Meta {
  std::uint64_t epoch = 0;
  Sequence last{};         // the last sequence ever stored
  std::uint64_t tick = 0;  // transactions of the store so far
};

using CursorKey = std::pair<FlowId, std::string>;  // flow, name of the sink

// One thread; gone before its connection.
class Catalogue {
 public:
  static Result<Catalogue> prepare(sqlite::Connection& connection);

  Result<Meta> meta();
  Status set_meta(Sequence last, std::uint64_t tick);

  Result<std::map<std::string, FlowId>> flows();
  Status add_flow(FlowId flow, std::string_view name);  // harmless when it is there already

  Result<std::map<CursorKey, Confirmed>> confirmed();  // also of sinks that left the configuration
  Status set_confirmed(FlowId flow, std::string_view sink, const Confirmed& confirmed);

  Result<std::map<std::string, std::string>> states();
  Status set_state(const StateRow& row);  // an empty value removes the key

  Result<std::map<FlowId, Ledger>> ledger();
  // To be called in the transaction that does what is counted.
  Status add_ledger(FlowId flow, std::string_view what, std::uint64_t records);

 private:
  Catalogue() = default;

  std::optional<sqlite::Statement> meta_, set_meta_, flows_, add_flow_, cursors_, set_cursor_,
      ranges_, add_range_, remove_ranges_, states_, set_state_, remove_state_, ledger_, add_ledger_;
};

}  // namespace sluice
