#include "buffers/store_loop.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

namespace {

// How often reading is tried again while the disk refuses it.
constexpr std::chrono::milliseconds kReadAgain{500};
constexpr unsigned kReadFailuresBeforeReopening = 3;

std::vector<Sequence> newest_of(const Pending& pending) {
  std::vector<Sequence> newest;
  for (const FlowState& flow : pending.flows) {
    newest.push_back(flow.stored.newest);
  }
  return newest;
}

}  // namespace

Result<std::unique_ptr<StoreLoop>> StoreLoop::open(SqliteBufferOptions options, const Clock& clock,
                                                   Suspicion suspicion) {
  Result<OpenedStore> store = open_store(options, clock, suspicion, {});
  if (!store) {
    return store.error();
  }
  return std::unique_ptr<StoreLoop>(new StoreLoop(std::move(options), clock, *std::move(store)));
}

StoreLoop::StoreLoop(SqliteBufferOptions options, const Clock& clock, OpenedStore store)
    : options_(std::move(options)),
      path_(options_.directory + "/buffer.db"),
      clock_(clock),
      file_(std::move(store.file)),
      pending_(std::move(store.pending)),
      room_(options_.max_size),
      ballast_(options_.directory),
      compaction_(options_.durability),
      readers_(options_.routes),
      spill_(options_.spill_after),
      merger_(pending_),
      ages_(make_ages(options_.routes, store.states, clock)),
      epoch_(store.meta.epoch),
      last_at_open_(pending_.last),
      salvage_(std::move(store.salvage)),
      inbox_(std::move(store.states), newest_of(pending_),
             spill_.lazy() ? Inbox::Waking::Prompt : Inbox::Waking::Sparing),
      ticks_(store.meta.tick) {
  pending_.dead_max_size = options_.dead_max_size;
  pending_.compression_level = options_.compression_level;
  look_at_volume();
  measure(false);
  ballast_.hold();
  publish();
  publish_ledgers();
}

void StoreLoop::run(BufferListener& listener, std::chrono::milliseconds stop_time,
                    const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    step(listener);
    inbox_.wait(next_wait(), stop);
  }
  finish(listener, stop_time);
}

void StoreLoop::step(BufferListener& listener) {
  look(listener);
  inspect_next();
  while (due(clock_.elapsed())) {
    const bool committed = commit(listener);
    look(listener);
    if (!committed) {
      break;
    }
  }
  merge_small();
  compact();
  arm(clock_.elapsed());
  publish();
}

void StoreLoop::finish(BufferListener& listener, std::chrono::milliseconds stop_time) {
  const Instant end = clock_.elapsed() + stop_time;
  spill_.store_everything();
  look(listener);
  save_ages(true);
  while (has_work()) {
    if (commit(listener)) {
      look(listener);
      continue;
    }
    const Instant now = clock_.elapsed();
    if (now >= end) {
      break;
    }
    const Instant next = std::min(end, retry_at_.value_or(end));
    inbox_.wait({.time = next - now, .uncommitted_bytes = 0, .anything_uncommitted = false}, {});
    look(listener);
  }
  give_back_sequences(listener);
  end_requests(inbox_.close());
  readers_.close();
  publish();
  if (file_ && file_->secured) {
    // What is left behind is in one file, and damage to the log can do no harm. If it does not
    // succeed, the next start does it.
    static_cast<void>(empty_log(file_->connection));
  }
}

// What was reserved and not used. Nothing is handed out any more.
void StoreLoop::give_back_sequences(BufferListener& listener) {
  const Sequence used = std::max(pending_.given, last_at_open_);
  if (spill_.lazy() && !has_work() && pending_.last > used) {
    pending_.mark = used;
    commit(listener);  // if it fails, there is a gap, and no harm done
  }
}

void StoreLoop::look(BufferListener& listener) {
  absorb(inbox_.take());
  settle_delivered(listener);
  offer();
  serve();
  look_at_volume();
  look_at_ages();
  spill_.mark(pending_, clock_.elapsed());
}

void StoreLoop::absorb(Arrivals arrivals) {
  const Instant deadline = spill_.deadline(clock_.elapsed());
  for (WaitingBlock& waiting : arrivals.blocks) {
    const Block& block = *waiting.sealed.block;
    FlowState& flow = pending_.flows.at(number(block.flow));
    flow.waiting_bytes += bytes_of(waiting.sealed);
    waiting.deadline = deadline;
    pending_.given = std::max(pending_.given, last_of(waiting.sealed));
    flow.waiting.push_back(std::move(waiting));
  }
  for (const Confirmation& each : arrivals.confirmations) {
    pending_.confirm(each.flow, each.sink, each.range);
  }
  for (Burial& each : arrivals.burials) {
    pending_.bury(std::move(each));
  }
  for (SplitRequest& each : arrivals.splits) {
    pending_.splits.push_back(std::move(each));
    flush_ = true;
  }
  for (DeadRequest& each : arrivals.dead_requests) {
    pending_.dead_requests.push_back(std::move(each));
    flush_ = true;
  }
  for (auto& [key, put] : arrivals.puts) {
    pending_.puts.insert_or_assign(key, std::move(put));
  }
  for (FetchRequest& fetch : arrivals.fetches) {
    readers_.open(std::move(fetch));
  }
  std::ranges::move(arrivals.steps, std::back_inserter(steps_));
  if (arrivals.stop_waiting) {
    spill_.store_everything();
  }
  if (arrivals.flush) {
    flush_ = true;
    spill_.hurry(arrivals.flush_arrival);
  }
}

// Tells those who ask which blocks are there before they are stored. Not beyond what the file has
// reserved: a sequence that leaves the agent must never be used again.
void StoreLoop::offer() {
  if (!spill_.lazy()) {
    return;
  }
  std::vector<Sequence> newest;
  for (const FlowState& flow : pending_.flows) {
    newest.push_back(flow.newest_waiting(pending_.last));
  }
  for (FetchRequest& fetch : inbox_.offered(newest)) {
    readers_.open(std::move(fetch));
  }
}

void StoreLoop::settle_delivered(BufferListener& listener) {
  if (!spill_.lazy()) {
    return;
  }
  const std::vector<SealedBlock> delivered = pending_.take_delivered();
  if (delivered.empty()) {
    return;
  }
  for (const SealedBlock& each : delivered) {
    passed_ += each.block->count;
  }
  publish_ledgers();
  settle(listener, delivered);
}

void StoreLoop::serve() {
  const Status served = readers_.serve(file_ ? &*file_ : nullptr, pending_);
  if (spill_.lazy()) {
    readers_.serve_from_memory(pending_, pending_.last);
  }
  if (!file_) {
    return;
  }
  if (served) {
    read_error_.clear();
    read_failures_ = 0;
  } else {
    read_error_ = served.error().message;
    suspect(served.error());
    if (++read_failures_ >= kReadFailuresBeforeReopening) {
      read_failures_ = 0;
      file_.reset();
      retry_at_ = clock_.elapsed();
    }
  }
}

bool StoreLoop::has_work() const {
  return sluice::has_work(pending_, room_, TickKind::Everything);
}

bool StoreLoop::due(Instant now) const {
  if (retry_at_) {
    return now >= *retry_at_ && (has_work() || unsure_ || !file_);
  }
  if (!has_work()) {
    return false;
  }
  std::uint64_t bytes = 0;
  for (const FlowState& flow : pending_.flows) {
    bytes += gets_on(pending_, flow, room_) ? flow.waiting_bytes : 0;
  }
  return flush_ || more_ || spill_.urgent() || bytes > Inbox::kFlushBytes ||
         (look_at_ && now >= *look_at_);
}

// After a commit the thread looks once more by itself, because what arrives in between does not
// wake it; when that finds nothing, it sleeps until woken.
void StoreLoop::arm(Instant now) {
  if (!has_work()) {
    flush_ = false;
  }
  if (look_at_ && now < *look_at_) {
    return;
  }
  look_at_.reset();
  if (has_work()) {
    look_at_ = now + options_.flush_interval;
  }
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Inbox::Wait StoreLoop::next_wait() const {
  Inbox::Wait wait;
  const bool work = has_work();
  std::optional<Instant> next = retry_at_ && (work || unsure_) ? retry_at_ : look_at_;
  for (const std::optional<Instant>& other : {spill_.next(), next_watch()}) {
    if (other) {
      next = std::min(next.value_or(*other), *other);
    }
  }
  if (!read_error_.empty() || !file_) {
    const Instant again = clock_.elapsed() + kReadAgain;
    next = next ? std::min(*next, again) : again;
  }
  if (const auto compaction = compaction_due()) {
    next = next ? std::min(*next, *compaction) : *compaction;
  }
  if (!steps_.empty()) {
    next = clock_.elapsed();
  }
  if (next) {
    wait.time = std::max(*next - clock_.elapsed(), Instant::duration::zero());
  }
  wait.anything_uncommitted = work || spill_.next();
  for (const FlowState& flow : pending_.flows) {
    wait.uncommitted_bytes += !retry_at_ && gets_on(pending_, flow, room_) ? flow.waiting_bytes : 0;
  }
  return wait;
}

}  // namespace sluice
