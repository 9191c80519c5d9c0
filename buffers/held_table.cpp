#include "buffers/held_table.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr const char* kIndex =
    "SELECT flow, count(*), max(id) FROM block INDEXED BY block_flow GROUP BY flow";
constexpr const char* kFigures =
    "SELECT flow, what, records FROM ledger"
    " WHERE what IN ('held_blocks', 'held_records', 'held_bytes')";
// Beside the figures that change with it in the same page, not in a page of its own.
constexpr std::string_view kThrough = "held_through";
constexpr const char* kReadThrough =
    "SELECT flow, records FROM ledger WHERE what = 'held_through' AND records > 0";
constexpr const char* kSet =
    "INSERT INTO ledger VALUES (?1, ?2, ?3)"
    " ON CONFLICT DO UPDATE SET records = excluded.records";
constexpr const char* kChange =
    "UPDATE ledger SET records = max(records + ?3, 0) WHERE flow = ?1 AND what = ?2";

constexpr const char* kClear =
    "DELETE FROM ledger WHERE what IN ('held_blocks', 'held_records', 'held_bytes')";

struct Figure {
  std::string_view name;
  std::uint64_t Usage::*value;
};
constexpr std::array<Figure, 3> kHeld{{{"held_blocks", &Usage::blocks},
                                       {"held_records", &Usage::records},
                                       {"held_bytes", &Usage::bytes}}};

// What is said of a flow, as far as it can be true.
struct Said {
  Usage usage;
  std::size_t figures = 0;
  bool plausible = true;
};

}  // namespace

Result<HeldTable> HeldTable::prepare(sqlite::Connection& connection) {
  HeldTable table;
  const std::array<sqlite::PreparedAt, 9> all{{
      {&table.index_, kIndex},
      {&table.figures_, kFigures},
      {&table.set_, kSet},
      {&table.change_, kChange},
      {&table.clear_, kClear},
      {&table.through_, kReadThrough},
      {&table.seals_, "SELECT mark FROM seal"},
      {&table.add_seal_, "INSERT OR IGNORE INTO seal VALUES (?1)"},
      {&table.remove_seals_, "DELETE FROM seal"},
  }};
  if (Status prepared = sqlite::prepare_all(connection, all); !prepared) {
    return prepared.error();
  }
  return table;
}

Result<std::map<FlowId, StoredUsage>> HeldTable::listed() {
  std::map<FlowId, StoredUsage> flows;
  const Status read = for_each_row(*index_, [&] {
    flows[FlowId(index_->integer(0))] = {
        .usage = {.blocks = static_cast<std::uint64_t>(index_->integer(1))},
        .newest = Sequence(index_->integer(2))};
  });
  if (!read) {
    return read.error();
  }
  return flows;
}

Result<std::map<FlowId, Usage>> HeldTable::said() {
  std::map<FlowId, Said> found;
  const Status read = for_each_row(*figures_, [&] {
    Said& flow = found[FlowId(figures_->integer(0))];
    const std::string_view what = figures_->bytes(1);
    const std::int64_t value = figures_->integer(2);
    const auto* const figure = std::ranges::find(kHeld, what, &Figure::name);
    flow.usage.*(figure->value) = static_cast<std::uint64_t>(value);
    flow.plausible = flow.plausible && value >= 0;
    ++flow.figures;
  });
  if (!read) {
    return read.error();
  }
  std::map<FlowId, Usage> flows;
  for (const auto& [id, flow] : found) {
    if (flow.plausible && flow.figures == kHeld.size()) {
      flows.emplace(id, flow.usage);
    }
  }
  return flows;
}

Result<std::optional<std::map<FlowId, StoredUsage>>> HeldTable::usage() {
  Result<std::map<FlowId, StoredUsage>> flows = listed();
  if (!flows) {
    return flows.error();
  }
  const Result<std::map<FlowId, Usage>> all = said();
  if (!all) {
    return all.error();
  }
  for (const auto& [id, usage] : *all) {
    if (usage.blocks > 0 && !flows->contains(id)) {
      return std::optional<std::map<FlowId, StoredUsage>>();
    }
  }
  for (auto& [id, flow] : *flows) {
    const auto found = all->find(id);
    if (found == all->end() || found->second.blocks != flow.usage.blocks) {
      return std::optional<std::map<FlowId, StoredUsage>>();
    }
    flow.usage = found->second;
  }
  return std::optional(*std::move(flows));
}

Status HeldTable::clear() {
  return run_to_end(*clear_);
}

Status HeldTable::set(FlowId flow, const Usage& usage) {
  for (const Figure& figure : kHeld) {
    set_->bind(1, to_column(flow)).bind(2, figure.name);
    set_->bind(3, static_cast<std::int64_t>(usage.*(figure.value)));
    if (Status written = run_to_end(*set_); !written) {
      return written;
    }
  }
  return {};
}

Status HeldTable::change(FlowId flow, const Usage& removed, const Usage& added) {
  for (const Figure& figure : kHeld) {
    change_->bind(1, to_column(flow)).bind(2, figure.name);
    change_->bind(3, static_cast<std::int64_t>(added.*(figure.value)) -
                         static_cast<std::int64_t>(removed.*(figure.value)));
    if (Status written = run_to_end(*change_); !written) {
      return written;
    }
  }
  return {};
}

Result<std::map<FlowId, Sequence>> HeldTable::through() {
  std::map<FlowId, Sequence> flows;
  const Status read = for_each_row(*through_, [&] {
    flows.emplace(FlowId(through_->integer(0)), Sequence(through_->integer(1)));
  });
  if (!read) {
    return read.error();
  }
  return flows;
}

Status HeldTable::set_through(FlowId flow, Sequence last) {
  set_->bind(1, to_column(flow)).bind(2, kThrough).bind(3, to_column(last));
  return run_to_end(*set_);
}

Result<std::set<SealMark>> HeldTable::seals() {
  std::set<SealMark> seals;
  const Status read = for_each_row(
      *seals_, [&] { seals.insert(SealMark(static_cast<std::uint64_t>(seals_->integer(0)))); });
  if (!read) {
    return read.error();
  }
  return seals;
}

Status HeldTable::set_seals(const std::set<SealMark>& seals) {
  if (Status removed = run_to_end(*remove_seals_); !removed) {
    return removed;
  }
  for (const SealMark seal : seals) {
    add_seal_->bind(1, static_cast<std::int64_t>(seal));
    if (Status added = run_to_end(*add_seal_); !added) {
      return added;
    }
  }
  return {};
}

}  // namespace sluice
