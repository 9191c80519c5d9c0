// The part of the store thread that deals with one transaction and with a disk that refuses it.
#include "buffers/store_loop.h"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

namespace sluice {

namespace {

// Errors in a row after which the connection is suspected rather than the disk.
constexpr unsigned kFailuresBeforeReopening = 3;

}  // namespace

bool StoreLoop::commit(BufferListener& listener) {
  if (const Status done = attempt(listener); !done) {
    failed(done.error());
    return false;
  }
  backoff_.reset();
  retry_at_.reset();
  failures_ = 0;
  commit_error_.clear();
  look_at_ = clock_.elapsed() + options_.flush_interval;
  return true;
}

Status StoreLoop::attempt(BufferListener& listener) {
  if (!file_) {
    if (Status opened = reopen(); !opened) {
      return opened;
    }
  }
  if (!has_work() && !unsure_) {
    return {};
  }
  if (Status secured = secure(); !secured) {
    return secured;
  }
  if (Status known = reconcile(listener); !known) {
    return known;
  }
  // Blocks may not use the space by which the deletions of later ticks live.
  const TickKind kind = ballast_.hold() ? TickKind::Everything : TickKind::WithoutBlocks;
  Status written = write(listener, kind);
  if (!written && written.error().reaction == Reaction::Full) {
    use_ballast(listener);
  }
  if (!written || kind == TickKind::Everything) {
    return written;
  }
  make_room();
  return has_work() ? Error{Reaction::Full, "the disk is full"} : written;
}

Status StoreLoop::reopen() {
  Result<OpenedStore> store = open_store(options_, clock_, suspicion_, remembered());
  if (!store) {
    return store.error();
  }
  if (store->meta.epoch != epoch_) {
    return Error{Reaction::Fatal, path_ + " has been replaced; restart the agent"};
  }
  suspicion_ = Suspicion::None;
  compaction_.forget();
  if (store->salvage.text.empty()) {
    file_ = std::move(store->file);
  } else {
    salvage_ = std::move(store->salvage);
    file_ = std::move(store->file);
    pending_.write_confirmed_again();
  }
  unsure_ = true;
  return {};
}

Remembered StoreLoop::remembered() const {
  Remembered known{.epoch = std::bit_cast<std::int64_t>(epoch_),
                   .tick = static_cast<std::int64_t>(ticks_),
                   .last = pending_.last,
                   .flows = {}};
  for (const FlowState& flow : pending_.flows) {
    known.flows.emplace(flow.id, flow.name);
  }
  return known;
}

// Damage that SQLite meets when it reads or writes does not go away by itself.
void StoreLoop::suspect(const Error& error) {
  if (error.reaction == Reaction::Fatal) {
    suspicion_ = Suspicion::Damaged;
  }
}

Status StoreLoop::secure() {
  Status secured = file_->secure();
  if (secured || secured.error().reaction != Reaction::Full) {
    return secured;
  }
  ballast_.release();
  return file_->secure();
}

// A transaction that has failed may be found in the log all the same when the file is opened again:
// all of it was written, and only the answer was bad. Several may have failed, and the log tells
// only that it is not the last one known; so the file is asked for every block.
Status StoreLoop::reconcile(BufferListener& listener) {
  if (!unsure_) {
    return {};
  }
  const Result<Meta> meta = file_->catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  if (meta->tick == ticks_) {
    unsure_ = false;
    return {};
  }
  const Result<std::vector<SealedBlock>> stored = pending_.reconcile(*file_);
  if (!stored) {
    return stored.error();
  }
  unsure_ = false;
  ticks_ = meta->tick;
  pending_.last = std::max(pending_.last, meta->last);
  std::uint64_t bytes = 0;
  for (const SealedBlock& each : *stored) {
    bytes += each.block->data.size();
    merger_.stored(*each.block);
  }
  note_commit(bytes);
  publish_ledgers();
  settle(listener, *stored);
  return {};
}

Status StoreLoop::write(BufferListener& listener, TickKind kind) {
  if (!sluice::has_work(pending_, room_, kind)) {
    return {};
  }
  save_ages(false);
  Tick tick(pending_, room_, ticks_ + 1);
  const Instant begun = clock_.elapsed();
  Status committed = tick.commit(*file_, pending_, kind, clock_.now());
  if (!committed) {
    unsure_ = true;
    return committed;
  }
  commit_seconds_.add(std::chrono::duration<double>(clock_.elapsed() - begun).count());
  ticks_ = tick.number();
  more_ = tick.more();
  const std::vector<SealedBlock> settled = tick.settle(pending_);
  const DropCounts dropped = tick.dropped();
  for (std::size_t reason = 0; reason < dropped.size(); ++reason) {
    dropped_.at(reason) += dropped.at(reason);
  }
  for (const SealedBlock& each : settled) {
    merger_.stored(*each.block);
  }
  if (tick.counted()) {
    publish_ledgers();
  }
  note_commit(tick.stored_bytes());
  settle(listener, settled);
  tell(tick);
  return committed;
}

// In a transaction of its own, and only while everything is well: it can always wait.
void StoreLoop::merge_small() {
  if (!merger_.wanted() || !file_ || !file_->secured || unsure_ || retry_at_ || !ballast_.held()) {
    return;
  }
  const Result<bool> merged = merger_.merge(*file_, pending_, readers_, ticks_ + 1);
  if (!merged) {
    unsure_ = true;
    failed(merged.error());
    return;
  }
  if (*merged) {
    ++ticks_;
    ++commits_;
    measure(false);
  }
}

void StoreLoop::tell(Tick& tick) {
  for (const auto& [flow, newest] : tick.look_again()) {
    inbox_.look_again(flow, newest);
    readers_.look_again(flow);
  }
  for (const Answered& each : tick.take_answers(pending_)) {
    each.then(each.with);
  }
}

void StoreLoop::end_requests(Arrivals last) {
  absorb(std::move(last));
  const Error closed{Reaction::Closed, "the buffer is stopping"};
  for (const SplitRequest& each : std::exchange(pending_.splits, {})) {
    each.then(closed);
  }
  for (const DeadRequest& each : std::exchange(pending_.dead_requests, {})) {
    each.then(closed);
  }
  for (const InspectionStep& step : std::exchange(steps_, {})) {
    step(closed);
  }
}

// What the space was kept for. If this fails too, nothing is lost: it is tried again with the rest.
void StoreLoop::use_ballast(BufferListener& listener) {
  ballast_.release();
  if (reconcile(listener)) {
    static_cast<void>(write(listener, TickKind::WithoutBlocks));
  }
  make_room();
}

void StoreLoop::note_commit(std::uint64_t stored_bytes) {
  ++commits_;
  stored_bytes_ += stored_bytes;
  measure(stored_bytes > 0);
}

void StoreLoop::settle(BufferListener& listener, const std::vector<SealedBlock>& stored) {
  std::vector<FetchRequest> fetches = inbox_.stored(stored);
  publish();
  for (const SealedBlock& each : stored) {
    listener.settled(each.block->first);
  }
  for (FetchRequest& fetch : fetches) {
    readers_.open(std::move(fetch));
  }
  readers_.offer(stored, pending_);
}

// The log gives back what it has taken. Copying it needs the room by which the database grows, and
// trying it with too little would use up the ballast.
void StoreLoop::make_room() {
  const Result<std::uint64_t> growth = file_->growth_bytes();
  if (growth && *growth <= Ballast::kSize / 2) {
    static_cast<void>(empty_log(file_->connection));  // tried again with the next attempt
  }
}

// Not while the disk refuses, or is full.
std::optional<Instant> StoreLoop::compaction_due() const {
  return file_ && !retry_at_ && ballast_.held() ? compaction_.due() : std::nullopt;
}

void StoreLoop::compact() {
  const std::optional<Instant> due = compaction_due();
  if (!due || clock_.elapsed() < *due) {
    return;
  }
  // If it fails, the file stays as large as it is until the next transaction.
  static_cast<void>(compaction_.step(*file_, clock_.elapsed()));
  if (const Result<FileUse> use = file_->use(); use) {
    room_.measured(use->used_bytes);
  }
}

void StoreLoop::failed(const Error& error) {
  commit_error_ = error.message;
  retry_at_ = clock_.elapsed() + backoff_.next();
  if (error.reaction == Reaction::Full) {
    return;
  }
  suspect(error);
  ++failures_;
  if (failures_ >= kFailuresBeforeReopening || error.reaction == Reaction::Fatal) {
    file_.reset();
  }
}

}  // namespace sluice
