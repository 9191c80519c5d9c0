// The part of the store thread that deals with one transaction and with a disk that refuses it.
#include "buffers/store_loop.h"

#include <string>
#include <utility>

namespace sluice {

namespace {

// Errors in a row after which the connection is suspected rather than the disk.
constexpr unsigned kFailuresBeforeReopening = 3;

// Near the end of the disk the database is not left to grow far behind its log, so that copying
// the log stays possible within the ballast.
constexpr std::uint64_t kScarce = 16UL * 1024 * 1024;
constexpr std::uint64_t kMostGrowth = Ballast::kSize / 2;

constexpr const char* kDiskFull = "the disk is full";

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
  return has_work() ? Error{Reaction::Full, kDiskFull} : written;
}

Status StoreLoop::reopen() {
  Result<StoreFile> file = StoreFile::open(database_);
  if (!file) {
    return file.error();
  }
  const Result<Meta> meta = file->catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  if (meta->epoch != epoch_) {
    return Error{Reaction::Fatal, database_.path + " has been replaced; restart the agent"};
  }
  file_ = *std::move(file);
  unsure_ = true;
  return {};
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
  publish_ledgers();
  settle(listener, *stored);
  return {};
}

Status StoreLoop::write(BufferListener& listener, TickKind kind) {
  if (!sluice::has_work(pending_, room_, kind)) {
    return {};
  }
  Tick tick(pending_, room_, ticks_ + 1);
  Status committed = tick.commit(*file_, pending_, kind, clock_.now());
  if (!committed) {
    unsure_ = true;
    return committed;
  }
  ticks_ = tick.number();
  more_ = tick.more();
  const std::vector<SealedBlock> stored = tick.settle(pending_);
  if (tick.counted()) {
    publish_ledgers();
  }
  settle(listener, stored);
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
  for (const FileTask& task : std::exchange(tasks_, {})) {
    task(nullptr);
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

void StoreLoop::settle(BufferListener& listener, const std::vector<SealedBlock>& stored) {
  ++commits_;
  for (const SealedBlock& each : stored) {
    stored_bytes_ += each.block->data.size();
    merger_.stored(*each.block);
  }
  measure(!stored.empty());
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
  if (growth && *growth <= kMostGrowth) {
    static_cast<void>(empty_log(file_->connection));  // tried again with the next attempt
  }
}

void StoreLoop::measure(bool grew) {
  // Without a new measurement the estimate of the last one holds.
  if (const Result<std::uint64_t> used = file_->used_bytes(); used) {
    room_.measured(*used);
  }
  if (!grew || free_bytes(options_.directory) >= kScarce) {
    return;
  }
  const Result<std::uint64_t> growth = file_->growth_bytes();
  if (growth && *growth > kMostGrowth) {
    static_cast<void>(fold_log(file_->connection));  // tried again with the next block
  }
}

void StoreLoop::failed(const Error& error) {
  commit_error_ = error.message;
  retry_at_ = clock_.elapsed() + backoff_.next();
  if (error.reaction == Reaction::Full) {
    return;
  }
  ++failures_;
  if (failures_ >= kFailuresBeforeReopening || error.reaction == Reaction::Fatal) {
    file_.reset();
  }
}

void StoreLoop::publish_ledgers() {
  FlowLedgers ledgers;
  for (const FlowState& flow : pending_.flows) {
    ledgers[flow.name] = flow.ledger;
  }
  inbox_.publish(std::move(ledgers));
}

void StoreLoop::publish() {
  inbox_.publish({.held_blocks = pending_.held.blocks,
                  .held_records = pending_.held.records,
                  .held_bytes = pending_.held.bytes,
                  .waiting_bytes = 0,
                  .commits = commits_,
                  .stored_bytes = stored_bytes_,
                  .damaged_blocks = readers_.damaged(),
                  .trouble = trouble()});
}

std::string StoreLoop::trouble() const {
  if (!commit_error_.empty()) {
    return "cannot write to " + database_.path + ": " + commit_error_;
  }
  if (!read_error_.empty()) {
    return "cannot read from " + database_.path + ": " + read_error_;
  }
  if (!ballast_.held()) {
    return "cannot write to " + database_.path + ": " + kDiskFull;
  }
  for (const FlowState& flow : pending_.flows) {
    if (flow.waiting.empty() || can_store(flow, room_)) {
      continue;
    }
    const std::uint64_t bytes = flow.waiting.front().sealed.block->data.size();
    return fits(flow, flow.stored.usage, bytes)
               ? "the buffer holds its maximum of " + std::to_string(options_.max_size) + " bytes"
               : "flow " + flow.name + " holds its maximum of " + std::to_string(flow.max_size) +
                     " bytes";
  }
  return {};
}

}  // namespace sluice
