#include "tools/listing.h"

#include "admin/json_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace sluice {

namespace {

constexpr std::size_t kRowsInAStep = 256;

struct Sums {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;

  void add(const BlockOutline& block) {
    blocks += 1;
    records += block.records;
    bytes += block.bytes;
  }
};

struct FlowSums {
  Sums held;
  std::uint64_t raw_bytes = 0;
  std::optional<Timestamp> oldest;
  std::optional<Timestamp> newest;
  Sequence first{};
  Sequence last{};
  std::vector<Sums> missing;  // in the order of the sinks: what each has not confirmed
};

bool has(const SinkOutline& sink, const BlockOutline& block) {
  return block.last <= sink.confirmed ||
         std::ranges::any_of(sink.ranges, [&](const std::pair<Sequence, Sequence>& range) {
           return range.first < block.first && block.last <= range.second;
         });
}

void write_sums(const Sums& sums, JsonWriter& json) {
  json.field("blocks", sums.blocks).field("records", sums.records).field("bytes", sums.bytes);
}

void write_time(const char* name, const std::optional<Timestamp>& time, JsonWriter& json) {
  json.key(name);
  if (time) {
    json.value(time->time_since_epoch().count());
  } else {
    json.null();
  }
}

void write_file(const BufferOutline& outline, JsonWriter& json) {
  json.field("epoch", fmt::format("{:016x}", outline.epoch));
  json.field("last_seq", number(outline.last));
  json.field("file_bytes", outline.file_bytes).field("used_bytes", outline.used_bytes);
  json.field("dead_letters", outline.dead_letters).field("dead_bytes", outline.dead_bytes);
  json.field("quarantined_blocks", outline.quarantined);
}

void write_ledger(const FlowOutline& flow, JsonWriter& json) {
  json.key("ledger").begin_object();
  for (const auto& [what, records] : flow.ledger) {
    json.field(what, records);
  }
  json.end_object();
}

class Listing {
 public:
  AdminChunk step(Inspection& file) {
    if (done_) {
      return std::optional<std::string>();
    }
    if (!outline_) {
      Result<BufferOutline> outline = file.outline();
      if (!outline) {
        return outline.error();
      }
      outline_ = *std::move(outline);
      return std::optional(std::string());
    }
    const auto rows = file.blocks(std::nullopt, reached_, kRowsInAStep);
    if (!rows) {
      return rows.error();
    }
    for (const BlockOutline& block : *rows) {
      add(block);
      reached_ = block.first;
    }
    if (rows->size() == kRowsInAStep && reached_ < outline_->last) {
      return std::optional(std::string());
    }
    done_ = true;
    return std::optional(text());
  }

 private:
  void add(const BlockOutline& block) {
    FlowSums& flow = sums_[block.flow];
    flow.first = flow.held.blocks == 0 ? block.first : flow.first;
    flow.last = std::max(flow.last, block.last);
    flow.held.add(block);
    flow.raw_bytes += block.raw_bytes;
    flow.oldest = std::min(flow.oldest.value_or(block.min_time), block.min_time);
    flow.newest = std::max(flow.newest.value_or(block.max_time), block.max_time);
    const auto known = std::ranges::find(outline_->flows, block.flow, &FlowOutline::id);
    if (known == outline_->flows.end()) {
      return;
    }
    flow.missing.resize(known->sinks.size());
    for (std::size_t i = 0; i < known->sinks.size(); ++i) {
      if (!has(known->sinks[i], block)) {
        flow.missing[i].add(block);
      }
    }
  }

  std::string text() {
    JsonWriter json;
    json.begin_object();
    write_file(*outline_, json);
    json.key("flows").begin_array();
    for (const FlowOutline& flow : outline_->flows) {
      write_flow(flow, json);
    }
    json.end_array().end_object();
    return json.text() + '\n';
  }

  void write_flow(const FlowOutline& flow, JsonWriter& json) {
    FlowSums& sums = sums_[flow.id];
    sums.missing.resize(flow.sinks.size());
    json.begin_object().field("name", flow.name).field("configured", flow.configured);
    if (flow.max_size > 0) {
      json.field("max_size", flow.max_size);
    }
    write_sums(sums.held, json);
    json.field("raw_bytes", sums.raw_bytes);
    json.field("first_seq", number(sums.first)).field("last_seq", number(sums.last));
    write_time("oldest_ms", sums.oldest, json);
    write_time("newest_ms", sums.newest, json);
    json.key("sinks").begin_array();
    for (std::size_t i = 0; i < flow.sinks.size(); ++i) {
      json.begin_object().field("name", flow.sinks[i].name);
      json.field("confirmed_seq", number(flow.sinks[i].confirmed));
      json.key("ranges").begin_array();
      for (const auto& [after, last] : flow.sinks[i].ranges) {
        json.begin_array().value(number(after) + 1).value(number(last)).end_array();
      }
      json.end_array();
      write_sums(sums.missing[i], json);
      json.end_object();
    }
    json.end_array();
    write_ledger(flow, json);
    json.end_object();
  }

  std::optional<BufferOutline> outline_;
  std::map<StoredFlow, FlowSums> sums_;
  Sequence reached_{};
  bool done_ = false;
};

std::string stats_of(const BufferOutline& outline) {
  JsonWriter json;
  json.begin_object();
  write_file(outline, json);
  json.key("flows").begin_array();
  for (const FlowOutline& flow : outline.flows) {
    json.begin_object().field("name", flow.name).field("configured", flow.configured);
    write_ledger(flow, json);
    json.end_object();
  }
  json.end_array().end_object();
  return json.text() + '\n';
}

}  // namespace

AdminResponse stats_answer(InspectableBuffer& buffer) {
  return answer_in_steps(buffer, kJson, [done = false](Inspection& file) mutable -> AdminChunk {
    if (std::exchange(done, true)) {
      return std::optional<std::string>();
    }
    const Result<BufferOutline> outline = file.outline();
    return outline ? AdminChunk(std::optional(stats_of(*outline))) : outline.error();
  });
}

AdminResponse listing_answer(InspectableBuffer& buffer) {
  return answer_in_steps(buffer, kJson, [listing = Listing()](Inspection& file) mutable {
    return listing.step(file);
  });
}

}  // namespace sluice
