#include "buffers/found_rows.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

namespace sluice {

namespace {

// A number above it is damage: at a million a second it would take a hundred thousand years.
constexpr std::int64_t kHighestNumber = std::int64_t{1} << 62U;
// What was stored between the newest `meta` and the newest `cursor` that can be found.
constexpr std::uint64_t kMostAhead = std::uint64_t{1} << 24U;
constexpr std::size_t kLongestName = 1'024;
constexpr std::int64_t kHighestFlow = std::int64_t{1} << 32U;

bool plausible(std::int64_t value) {
  return value >= 0 && value < kHighestNumber;
}

bool plausible(FlowId flow) {
  const auto id = static_cast<std::int64_t>(flow);
  return id > 0 && id < kHighestFlow;
}

bool plausible(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::ranges::none_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20U; });
}

Sequence sequence(std::int64_t value) {
  return Sequence(static_cast<std::uint64_t>(value));
}

// Ends quietly at the first row that cannot be read. True: it has read them all.
bool for_each_row(sqlite::Connection& connection, std::string_view sql,
                  const std::function<void(const sqlite::Statement&)>& take) {
  Result<sqlite::Statement> statement = connection.prepare(sql);
  if (!statement) {
    return false;
  }
  while (true) {
    const Result<bool> row = statement->step();
    if (!row || !*row) {
      return static_cast<bool>(row);
    }
    take(*statement);
  }
}

}  // namespace

bool KnownNames::is_flow(std::string_view name) const {
  return sinks_of_flows.contains(name);
}

bool KnownNames::is_sink(std::string_view name) const {
  return std::ranges::any_of(sinks_of_flows, [&](const auto& flow) {
    return std::ranges::find(flow.second, name) != flow.second.end();
  });
}

FoundRows::FoundRows(KnownNames names, const Remembered& remembered)
    : names_(std::move(names)), flows_(remembered.flows) {
  if (remembered.epoch) {
    take_meta(*remembered.epoch, static_cast<std::int64_t>(number(remembered.last)),
              remembered.tick);
  }
}

void FoundRows::read_by_sqlite(sqlite::Connection& connection, bool sees_whole_log) {
  constexpr Age kUnknown = 0;
  constexpr Trust kMost = ~Trust{0};
  for_each_row(connection, "SELECT epoch, last_seq, tick FROM meta",
               [&](const auto& row) { take_meta(row.integer(0), row.integer(1), row.integer(2)); });
  for_each_row(connection, "SELECT id, name FROM flow",
               [&](const auto& row) { take_flow(row.integer(0), row.bytes(1)); });
  for_each_row(connection, "SELECT flow, what, records FROM ledger", [&](const auto& row) {
    take_ledger(FlowId(row.integer(0)), row.bytes(1), row.integer(2));
  });
  has_all_states_ =
      for_each_row(connection, "SELECT key, value FROM state",
                   [&](const auto& row) { take_state(row.bytes(0), row.bytes(1), kMost); }) &&
      sees_whole_log;
  const bool all_cursors =
      for_each_row(connection, "SELECT flow, sink, confirmed FROM cursor", [&](const auto& row) {
        take_cursor(FlowId(row.integer(0)), row.bytes(1), row.integer(2), kUnknown);
      });
  const bool all_ranges = for_each_row(
      connection, "SELECT flow, sink, after, last FROM confirmed", [&](const auto& row) {
        take_range(FlowId(row.integer(0)), row.bytes(1), row.integer(2), row.integer(3));
      });
  has_all_confirmed_ = all_cursors && all_ranges && sees_whole_log;
}

void FoundRows::take_meta(std::int64_t epoch, std::int64_t last, std::int64_t tick) {
  if (!plausible(last) || !plausible(tick)) {
    return;
  }
  if (!epoch_ || tick > tick_) {
    epoch_ = epoch;
  }
  tick_ = std::max(tick_, tick);
  last_ = std::max(last_, sequence(last));
  knows_last_ = true;
}

void FoundRows::take_flow(std::int64_t id, std::string_view name) {
  if (plausible(FlowId(id)) && plausible(name)) {
    flows_.try_emplace(FlowId(id), name);
  }
}

void FoundRows::take_flow_entry(std::string_view name, std::int64_t id) {
  if (names_.is_flow(name)) {
    take_flow(id, name);
  }
}

void FoundRows::take_cursor(FlowId flow, std::string_view sink, std::int64_t confirmed, Age age) {
  if (has_all_confirmed_ || !plausible(flow) || !plausible(sink) || !plausible(confirmed)) {
    return;
  }
  const auto [cursor, added] = cursors_.try_emplace({flow, std::string(sink)});
  if (added || age > cursor->second.age) {
    cursor->second = {age, sequence(confirmed)};
  }
}

void FoundRows::take_range(FlowId flow, std::string_view sink, std::int64_t after,
                           std::int64_t last) {
  if (!has_all_confirmed_ && plausible(flow) && plausible(sink) && plausible(after) &&
      plausible(last)) {
    ranges_[{flow, std::string(sink)}].emplace(sequence(after), sequence(last));
  }
}

void FoundRows::take_state(std::string_view key, std::string_view value, Trust trust) {
  if (has_all_states_ || !plausible(key) || value.empty()) {
    return;
  }
  State& state = states_[std::string(key)];
  if (trust >= state.trust) {
    state = {trust, std::string(value)};
  }
}

void FoundRows::take_ledger(FlowId flow, std::string_view what, std::int64_t records) {
  if (plausible(flow) && plausible(records) && is_ledger_word(what)) {
    std::uint64_t& known = ledger_[flow][std::string(what)];
    known = std::max(known, static_cast<std::uint64_t>(records));
  }
}

void FoundRows::take_cursor_or_ledger(FlowId flow, std::string_view word, std::int64_t value,
                                      Age age) {
  if (is_ledger_word(word) && !names_.is_sink(word)) {
    take_ledger(flow, word, value);
  } else {
    take_cursor(flow, word, value, age);
  }
}

void FoundRows::saw(Sequence last) {
  if (number(last) < static_cast<std::uint64_t>(kHighestNumber)) {
    last_ = std::max(last_, last);
  }
}

// A range that ends too far ahead would lose blocks; one that is missing only sends them again.
void FoundRows::settle() {
  const Sequence limit = knows_last_ ? advance(last_, kMostAhead) : sequence(kHighestNumber);
  for (const auto& [key, cursor] : cursors_) {
    if (cursor.confirmed <= limit) {
      confirmed_[key].add(Sequence(0), cursor.confirmed);
    }
  }
  for (const auto& [key, ranges] : ranges_) {
    for (const auto& [after, last] : ranges) {
      if (last <= limit) {
        confirmed_[key].add(after, last);
      }
    }
  }
  for (const auto& [key, confirmed] : confirmed_) {
    last_ = std::max(last_, confirmed.highest());
  }
}

void FoundRows::name_flows(const std::vector<FlowId>& flows) {
  for (const FlowId flow : flows) {
    flows_.try_emplace(flow);
  }
  std::set<std::string, std::less<>> used;
  for (auto& [id, name] : flows_) {
    if (!name.empty() && !used.insert(name).second) {
      name.clear();
    }
  }
  for (auto& [id, name] : flows_) {
    if (name.empty()) {
      const std::vector<std::string> possible = possible_names(id, used);
      name = possible.size() == 1 ? possible.front()
                                  : "unknown flow " + std::to_string(static_cast<std::int64_t>(id));
      used.insert(name);
    }
  }
}

// Those of the configured flows that have no blocks of their own, and all the sinks that have ever
// confirmed something of this one.
std::vector<std::string> FoundRows::possible_names(
    FlowId flow, const std::set<std::string, std::less<>>& used) const {
  std::vector<std::string> possible;
  for (const auto& [name, sinks] : names_.sinks_of_flows) {
    bool fits = !used.contains(name);
    for (auto at = confirmed_.lower_bound({flow, ""});
         at != confirmed_.end() && at->first.first == flow; ++at) {
      fits = fits && std::ranges::find(sinks, at->first.second) != sinks.end();
    }
    if (fits) {
      possible.push_back(name);
    }
  }
  return possible;
}

std::vector<std::string> FoundRows::sinks_of(FlowId flow) const {
  const auto name = flows_.find(flow);
  if (name != flows_.end()) {
    const auto configured = names_.sinks_of_flows.find(name->second);
    if (configured != names_.sinks_of_flows.end()) {
      return configured->second;
    }
  }
  std::vector<std::string> sinks;
  for (auto at = confirmed_.lower_bound({flow, ""});
       at != confirmed_.end() && at->first.first == flow; ++at) {
    sinks.push_back(at->first.second);
  }
  return sinks;
}

bool FoundRows::confirmed(FlowId flow, Sequence first, Sequence last) const {
  const std::vector<std::string> sinks = sinks_of(flow);
  return !sinks.empty() && std::ranges::all_of(sinks, [&](const std::string& sink) {
    const auto found = confirmed_.find({flow, sink});
    return found != confirmed_.end() && found->second.covers(first, last);
  });
}

bool FoundRows::knows_cursors_of(FlowId flow) const {
  const auto at = confirmed_.lower_bound({flow, ""});
  return at != confirmed_.end() && at->first.first == flow;
}

void FoundRows::count_delivered(FlowId flow, std::uint64_t records) {
  if (const auto ledger = ledger_.find(flow); ledger != ledger_.end()) {
    ledger->second["delivered"] += records;
  }
}

std::map<std::string, std::string> FoundRows::states() const {
  std::map<std::string, std::string> states;
  for (const auto& [key, state] : states_) {
    states.emplace(key, state.value);
  }
  return states;
}

}  // namespace sluice
