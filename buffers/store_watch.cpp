// The part of the store thread that watches room and age, and tells how things are.
#include "buffers/store_loop.h"
#include "buffers/volume.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

// Near the end of the disk the database is not left to grow far behind its log, so that copying
// the log stays possible within the ballast.
constexpr std::uint64_t kScarce = 16UL * 1024 * 1024;
constexpr std::uint64_t kMostGrowth = Ballast::kSize / 2;

std::string key_of(const Route& route) {
  return "buffer/age/" + route.flow;
}

}  // namespace

std::vector<std::optional<AgeLimit>> StoreLoop::make_ages(
    const std::vector<Route>& routes, const std::map<std::string, std::string>& states,
    const Clock& clock) {
  std::vector<std::optional<AgeLimit>> ages;
  for (const Route& route : routes) {
    std::optional<AgeLimit>& age = ages.emplace_back();
    if (route.max_age) {
      const auto saved = states.find(key_of(route));
      age.emplace(*route.max_age, saved != states.end() ? saved->second : std::string(),
                  clock.now(), clock.elapsed());
    }
  }
  return ages;
}

void StoreLoop::look_at_ages() {
  const Instant now = clock_.elapsed();
  for (std::size_t i = 0; i < ages_.size(); ++i) {
    if (!ages_[i]) {
      continue;
    }
    FlowState& flow = pending_.flows[i];
    const Sequence expired = ages_[i]->expired(now);
    if (flow.stored.usage.blocks > 0) {
      flow.expired = std::max(flow.expired, expired);
      ages_[i]->note(flow.stored.newest, std::max(pending_.given, last_at_open_), now);
    }
  }
}

// Goes to the disk with the next transaction, whatever that is made for.
void StoreLoop::save_ages(bool unchanged_too) {
  for (std::size_t i = 0; i < ages_.size(); ++i) {
    if (ages_[i] && pending_.flows[i].stored.usage.blocks > 0 &&
        (unchanged_too || ages_[i]->changed())) {
      const std::string key = key_of(options_.routes[i]);
      pending_.puts.insert_or_assign(
          key, WaitingPut{0, {key, ages_[i]->save(clock_.now(), clock_.elapsed())}});
    }
  }
}

std::optional<Instant> StoreLoop::next_watch() const {
  const Instant now = clock_.elapsed();
  std::optional<Instant> next;
  const auto at_latest = [&](std::chrono::milliseconds time) {
    next = std::min(next.value_or(now + time), now + time);
  };
  for (std::size_t i = 0; i < ages_.size(); ++i) {
    if (ages_[i] && pending_.flows[i].stored.usage.blocks > 0) {
      at_latest(ages_[i]->interval());
    }
  }
  const bool waiting =
      std::ranges::any_of(pending_.flows, [](const FlowState& flow) { return flow.due > 0; });
  if (waiting && room_.shortage() == DropReason::Disk) {
    at_latest(std::chrono::seconds(1));  // others may make room
  }
  return next;
}

void StoreLoop::look_at_volume() {
  const VolumeSpace space = options_.volume ? options_.volume() : space_of(options_.directory);
  free_bytes_ = space.free;
  const std::uint64_t reserved = reserved_bytes(space);
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  if (space.free < reserved + kScarce && file_) {
    // What the database will grow by when the log is copied is spoken for already.
    const Result<FileUse> use = file_->use();
    const Result<std::uint64_t> growth = file_->growth_bytes();
    if (use && growth) {
      limit = use->all_bytes + space.free - std::min(space.free, reserved + *growth);
    }
  }
  room_.limit_by_disk(limit);
}

void StoreLoop::measure(bool grew) {
  // Without a new measurement the estimate of the last one holds.
  if (const Result<FileUse> use = file_->use(); use) {
    room_.measured(use->used_bytes);
    compaction_.measured(*use, clock_.elapsed());
  }
  if (!grew || free_bytes_ >= kScarce) {
    return;
  }
  const Result<std::uint64_t> growth = file_->growth_bytes();
  if (growth && *growth > kMostGrowth) {
    static_cast<void>(fold_log(file_->connection));  // tried again with the next block
  }
}

void StoreLoop::publish_ledgers() {
  FlowLedgers ledgers;
  for (const FlowState& flow : pending_.flows) {
    Ledger& ledger = ledgers[flow.name] = flow.ledger;
    for (const auto& [what, records] : flow.passed) {
      ledger[what] += records;
    }
  }
  inbox_.publish(std::move(ledgers));
}

void StoreLoop::publish() {
  const auto dropped = [this](DropReason reason) {
    return dropped_.at(static_cast<std::size_t>(reason));
  };
  std::vector<FlowRoom> flows;
  flows.reserve(pending_.flows.size());
  for (const FlowState& flow : pending_.flows) {
    const Usage& usage = flow.stored.usage;
    flows.push_back({.held_records = usage.records,
                     .held_bytes = usage.bytes,
                     .max_bytes = flow.max_size,
                     .imbalance = imbalance_of(flow.ledger, usage.records)});
  }
  inbox_.publish({.held_blocks = pending_.held.blocks,
                  .held_records = pending_.held.records,
                  .held_bytes = pending_.held.bytes,
                  .waiting_bytes = 0,
                  .commits = commits_,
                  .stored_bytes = stored_bytes_,
                  .damaged_blocks = readers_.damaged(),
                  .passed_records = passed_,
                  .dropped_full = dropped(DropReason::Full),
                  .dropped_disk = dropped(DropReason::Disk),
                  .dropped_age = dropped(DropReason::Age),
                  .file_bytes = room_.used(),
                  .file_max_bytes = room_.limit(),
                  .flows = std::move(flows),
                  .commit_seconds = commit_seconds_,
                  .quarantine = salvage_.text,
                  .salvaged_blocks = salvage_.salvaged_blocks,
                  .lost_blocks = salvage_.lost_blocks,
                  .lost_records = salvage_.lost_records,
                  .trouble = trouble()});
}

std::string StoreLoop::trouble() const {
  if (!commit_error_.empty()) {
    return "cannot write to " + path_ + ": " + commit_error_;
  }
  if (!read_error_.empty()) {
    return "cannot read from " + path_ + ": " + read_error_;
  }
  if (!ballast_.held()) {
    return "cannot write to " + path_ + ": the disk is full";
  }
  for (const FlowState& flow : pending_.flows) {
    if (flow.due == 0 || gets_on(pending_, flow, room_)) {
      continue;
    }
    if (!fits(flow, flow.stored.usage, need_of(flow, flow.waiting.front().sealed).in_flow)) {
      return "flow " + flow.name + " holds its maximum of " + std::to_string(flow.max_size) +
             " bytes";
    }
    return room_.shortage() == DropReason::Disk
               ? "the disk of " + options_.directory + " is nearly full"
               : "the buffer holds its maximum of " + std::to_string(options_.max_size) + " bytes";
  }
  return {};
}

}  // namespace sluice
