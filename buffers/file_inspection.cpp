#include "buffers/file_inspection.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace sluice {

namespace {

// By way of the index if there is a flow: the blocks of others are not touched.
constexpr const char* kRows =
    "SELECT id, flow, n, skipped, length(data), raw_bytes, min_ts, max_ts FROM block"
    " WHERE flow = ?1 AND id > ?2 ORDER BY id LIMIT ?3";
constexpr const char* kRowsOfAll =
    "SELECT id, flow, n, skipped, length(data), raw_bytes, min_ts, max_ts FROM block NOT INDEXED"
    " WHERE ?1 = 0 AND id > ?2 ORDER BY id LIMIT ?3";
constexpr const char* kPositions =
    "SELECT flow, sink, 0, confirmed FROM cursor"
    " UNION ALL SELECT flow, sink, after, last FROM confirmed ORDER BY 1, 2, 3";

constexpr std::int64_t kMostRecords = 0xFFFF'FFFF;

// A damaged column may hold anything; what is shown of it must still be added up.
std::uint64_t sane(std::int64_t value) {
  return static_cast<std::uint64_t>(std::clamp<std::int64_t>(value, 0, kMostRecords));
}

Timestamp to_time(std::int64_t milliseconds) {
  return Timestamp(std::chrono::milliseconds(milliseconds));
}

BlockOutline outline_of(const sqlite::Statement& row) {
  const auto first = Sequence(static_cast<std::uint64_t>(row.integer(0)));
  const std::uint64_t records = sane(row.integer(2));
  const std::uint64_t span = std::max<std::uint64_t>(records + sane(row.integer(3)), 1);
  return {.flow = StoredFlow(row.integer(1)),
          .first = first,
          .last = advance(first, span - 1),
          .records = records,
          .bytes = sane(row.integer(4)),
          .raw_bytes = sane(row.integer(5)),
          .min_time = to_time(row.integer(6)),
          .max_time = to_time(row.integer(7))};
}

SinkOutline& sink_named(FlowOutline& flow, std::string_view name) {
  const auto found = std::ranges::find(flow.sinks, name, &SinkOutline::name);
  return found != flow.sinks.end()
             ? *found
             : flow.sinks.emplace_back(SinkOutline{std::string(name), {}, {}});
}

void add_configured(FlowOutline& flow, const std::vector<Route>& routes) {
  const auto route = std::ranges::find(routes, flow.name, &Route::flow);
  if (route == routes.end()) {
    return;
  }
  flow.configured = true;
  flow.max_size = route->max_size;
  for (const std::string& sink : route->sinks) {
    sink_named(flow, sink);
  }
}

// A row of kPositions.
void add_position(FlowOutline& flow, const sqlite::Statement& row) {
  SinkOutline& sink = sink_named(flow, row.bytes(1));
  const auto after = Sequence(static_cast<std::uint64_t>(row.integer(2)));
  const auto last = Sequence(static_cast<std::uint64_t>(row.integer(3)));
  if (after == Sequence(0)) {
    sink.confirmed = std::max(sink.confirmed, last);
  } else {
    sink.ranges.emplace_back(after, last);
  }
}

}  // namespace

Result<BufferOutline> FileInspection::outline() {
  const Result<Meta> meta = file_.catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  const Result<std::uint64_t> size = file_.connection.file_size();
  if (!size) {
    return size.error();
  }
  const Result<FileUse> use = file_.use();
  if (!use) {
    return use.error();
  }
  const Result<std::int64_t> quarantined =
      file_.connection.integer("SELECT count(*) FROM quarantine");
  if (!quarantined) {
    return quarantined.error();
  }
  Result<std::vector<FlowOutline>> flows = this->flows();
  if (!flows) {
    return flows.error();
  }
  BufferOutline outline{
      .epoch = meta->epoch,
      .last = meta->last,
      .file_bytes = std::max(*size, use->used_bytes),  // what is in the log comes later
      .used_bytes = use->used_bytes,
      .quarantined = static_cast<std::uint64_t>(*quarantined),
      .flows = *std::move(flows)};
  if (Status counted = count_dead(outline); !counted) {
    return counted.error();
  }
  return outline;
}

Status FileInspection::count_dead(BufferOutline& outline) {
  Result<sqlite::Statement> sums = file_.connection.prepare(
      "SELECT count(*), coalesce(sum(length(data)), 0), coalesce(max(id), 0) FROM dead"
      " WHERE length(data) > 0");
  if (!sums) {
    return sums.error();
  }
  if (const Result<bool> row = sums->step(); !row) {
    return row.error();
  }
  outline.dead_letters = static_cast<std::uint64_t>(sums->integer(0));
  outline.dead_bytes = static_cast<std::uint64_t>(sums->integer(1));
  outline.last_dead = DeadId(sums->integer(2));
  return {};
}

Result<std::vector<FlowOutline>> FileInspection::flows() {
  const Result<std::map<std::string, FlowId>> names = file_.catalogue.flows();
  if (!names) {
    return names.error();
  }
  Result<std::map<FlowId, Ledger>> ledger = file_.catalogue.ledger();
  if (!ledger) {
    return ledger.error();
  }
  const Result<std::map<FlowId, Usage>> held = file_.held.said();
  if (!held) {
    return held.error();
  }
  std::vector<FlowOutline> flows;
  for (const auto& [name, id] : *names) {
    FlowOutline flow{.id = StoredFlow(static_cast<std::int64_t>(id)),
                     .name = name,
                     .sinks = {},
                     .ledger = {},
                     .held = {}};
    if (const auto said = held->find(id); said != held->end()) {
      flow.held = HeldOutline{said->second.blocks, said->second.records, said->second.bytes};
    }
    flow.ledger = std::move((*ledger)[id]);
    flows.push_back(std::move(flow));
  }
  if (Status added = add_sinks(flows); !added) {
    return added.error();
  }
  return flows;
}

Status FileInspection::add_sinks(std::vector<FlowOutline>& flows) {
  for (FlowOutline& flow : flows) {
    add_configured(flow, routes_);
  }
  Result<sqlite::Statement> positions = file_.connection.prepare(kPositions);
  if (!positions) {
    return positions.error();
  }
  while (true) {
    const Result<bool> row = positions->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return {};
    }
    const auto flow = std::ranges::find(flows, StoredFlow(positions->integer(0)), &FlowOutline::id);
    if (flow != flows.end()) {
      add_position(*flow, *positions);
    }
  }
}

Result<std::vector<BlockOutline>> FileInspection::blocks(std::optional<StoredFlow> flow,
                                                         Sequence after, std::size_t most) {
  Result<sqlite::Statement> rows = file_.connection.prepare(flow ? kRows : kRowsOfAll);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, flow ? static_cast<std::int64_t>(*flow) : 0);
  rows->bind(2, static_cast<std::int64_t>(number(after)));
  rows->bind(3, static_cast<std::int64_t>(most));
  std::vector<BlockOutline> blocks;
  while (true) {
    const Result<bool> row = rows->step();
    if (!row) {
      return row.error();
    }
    if (!*row) {
      return blocks;
    }
    blocks.push_back(outline_of(*rows));
  }
}

Result<std::optional<InspectedBlock>> FileInspection::block(StoredFlow flow, Sequence after,
                                                            Sequence seen) {
  const auto id = FlowId(static_cast<std::int64_t>(flow));
  if (seen > Sequence(0)) {
    const Result<std::optional<FoundBlock>> grown =
        file_.blocks.around(id, FlowIndex(0), advance(seen, 1));
    if (!grown) {
      return grown.error();
    }
    if (grown->has_value() && (*grown)->first <= after) {
      after = Sequence(number((*grown)->first) - 1);
    }
  }
  const Result<std::vector<BlockOutline>> next = blocks(flow, after, 1);
  if (!next) {
    return next.error();
  }
  if (next->empty()) {
    return std::optional<InspectedBlock>();
  }
  const BlockOutline& outline = next->front();
  Result<std::optional<FoundBlock>> found = file_.blocks.read(id, FlowIndex(0), outline.first);
  if (!found) {
    return found.error();
  }
  return std::optional(InspectedBlock{outline, found->has_value() ? (*found)->block : nullptr});
}

Result<std::vector<DeadEntry>> FileInspection::dead(DeadId after, std::size_t most) {
  const Result<std::map<std::string, FlowId>> names = file_.catalogue.flows();
  if (!names) {
    return names.error();
  }
  Result<std::vector<DeadRow>> rows = file_.dead.list(after, most);
  if (!rows) {
    return rows.error();
  }
  std::vector<DeadEntry> entries;
  for (DeadRow& row : *rows) {
    const auto name =
        std::ranges::find(*names, row.flow, [](const auto& each) { return each.second; });
    entries.push_back({.id = row.id,
                       .flow = name != names->end() ? name->first : std::string(),
                       .sink = std::move(row.sink),
                       .first = row.first,
                       .last = row.last,
                       .records = row.records,
                       .bytes = row.bytes,
                       .why = std::move(row.why),
                       .at = row.at});
  }
  return entries;
}

Result<BlockPtr> FileInspection::dead_block(DeadId id) {
  Result<std::optional<DeadRow>> row = file_.dead.find(id, FlowIndex(0));
  if (!row) {
    return row.error();
  }
  return row->has_value() ? (*row)->block : BlockPtr();
}

Result<PurgeStep> FileInspection::purge(const PurgeOrder& /*order*/, Sequence /*after*/,
                                        Sequence /*through*/) {
  return Error{Reaction::Reject, "the buffer was opened for reading only"};
}

}  // namespace sluice
