// What can be made out of the small tables of a damaged file. Private to buffers/.
#pragma once

#include "buffers/catalogue.h"
#include "buffers/confirmed.h"
#include "buffers/sqlite_handle.h"
#include "core/ids.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// Which of two versions of a row is to be believed: the one with the higher number.
using Trust = std::uint64_t;

// The names in the configuration: they tell apart rows that look alike.
struct KnownNames {
  std::map<std::string, std::vector<std::string>, std::less<>> sinks_of_flows;

  [[nodiscard]] bool is_flow(std::string_view name) const;
  [[nodiscard]] bool is_sink(std::string_view name) const;
};

// Which of two versions of a row is the later one: the one with the higher number.
using Age = std::uint64_t;

// What a running agent knows of its file without reading it.
struct Remembered {
  std::optional<std::int64_t> epoch;
  std::int64_t tick = 0;
  Sequence last{};
  std::map<FlowId, std::string> flows;
};

// The small tables have no checksum. So of what only ever grows the highest is taken, of a state
// the version that is trusted most, and numbers that no file can have reached are not believed. Of
// a cursor the latest is taken: it goes back when a dead letter is queued again.
//
// One thread. Memory: what is in the small tables.
class FoundRows {
 public:
  FoundRows(KnownNames names, const Remembered& remembered);

  // Everything that SQLite itself can still read of these tables. If it can read a table to its
  // end, and sees the whole log, other versions of the rows do not count.
  void read_by_sqlite(sqlite::Connection& connection, bool sees_whole_log);

  void take_meta(std::int64_t epoch, std::int64_t last, std::int64_t tick);
  void take_flow(std::int64_t id, std::string_view name);
  // An entry of the index of flows by name, which looks like one of the index of states by key.
  void take_flow_entry(std::string_view name, std::int64_t id);
  void take_cursor(FlowId flow, std::string_view sink, std::int64_t confirmed, Age age);
  void take_range(FlowId flow, std::string_view sink, std::int64_t after, std::int64_t last);
  void take_state(std::string_view key, std::string_view value, Trust trust);
  void take_ledger(FlowId flow, std::string_view what, std::int64_t records);
  // A row of `cursor` or of `ledger`, which look the same. Their words tell.
  void take_cursor_or_ledger(FlowId flow, std::string_view word, std::int64_t value, Age age);
  // A sequence that a block has.
  void saw(Sequence last);

  // To be called when everything has been taken, before the questions below: what cannot be is
  // forgotten.
  void settle();

  // True if every sink that must have it has it. Those of the configuration are asked; of a flow
  // that has left it, all that have ever confirmed something.
  [[nodiscard]] bool confirmed(FlowId flow, Sequence first, Sequence last) const;
  [[nodiscard]] bool knows_cursors_of(FlowId flow) const;
  // A block was found that was confirmed and not yet removed.
  void count_delivered(FlowId flow, std::uint64_t records);

  // These flows have blocks, so they need a name even if it was not found. Without doubt about it
  // they get the one that is configured; otherwise their blocks stay in the file under a name of
  // their own, rather than go to whoever must not have them.
  void name_flows(const std::vector<FlowId>& flows);

  [[nodiscard]] const std::optional<std::int64_t>& epoch() const { return epoch_; }
  [[nodiscard]] Sequence last() const { return last_; }  // the highest ever given away, as known
  [[nodiscard]] std::int64_t tick() const { return tick_; }
  [[nodiscard]] const std::map<FlowId, std::string>& flows() const { return flows_; }
  [[nodiscard]] const std::map<CursorKey, Confirmed>& confirmed() const { return confirmed_; }
  [[nodiscard]] std::map<std::string, std::string> states() const;
  [[nodiscard]] const std::map<FlowId, Ledger>& ledger() const { return ledger_; }

 private:
  struct State {
    Trust trust = 0;
    std::string value;
  };

  [[nodiscard]] std::vector<std::string> sinks_of(FlowId flow) const;
  [[nodiscard]] std::vector<std::string> possible_names(
      FlowId flow, const std::set<std::string, std::less<>>& used) const;

  KnownNames names_;
  std::optional<std::int64_t> epoch_;
  Sequence last_{};
  bool knows_last_ = false;
  std::int64_t tick_ = 0;
  std::map<FlowId, std::string> flows_;
  struct Cursor {
    Age age = 0;
    Sequence confirmed{};
  };
  std::map<CursorKey, Cursor> cursors_;
  std::map<CursorKey, std::set<std::pair<Sequence, Sequence>>> ranges_;  // as they were found
  bool has_all_confirmed_ = false;
  std::map<CursorKey, Confirmed> confirmed_;
  std::map<std::string, State> states_;
  bool has_all_states_ = false;
  std::map<FlowId, Ledger> ledger_;
};

}  // namespace sluice
