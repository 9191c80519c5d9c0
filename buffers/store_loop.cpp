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

DatabaseOptions database_of(const SqliteBufferOptions& options, bool may_create) {
  return {.path = options.directory + "/buffer.db",
          .vfs = options.vfs,
          .durability = options.durability,
          .max_size = options.max_size,
          .may_create = may_create};
}

}  // namespace

Result<std::unique_ptr<StoreLoop>> StoreLoop::open(SqliteBufferOptions options,
                                                   const Clock& clock) {
  Result<StoreFile> file = StoreFile::open(database_of(options, true));
  if (!file && file.error().reaction == Reaction::Full) {
    Ballast(options.directory).release();  // what an earlier run has kept for such a time
    file = StoreFile::open(database_of(options, true));
  }
  if (!file) {
    return file.error();
  }
  // On a full disk the rest of this waits until the first commit: the log has been synced by then,
  // and reading works.
  if (const Status secured = file->secure();
      !secured && secured.error().reaction != Reaction::Full) {
    return secured.error();
  }
  Result<Pending> pending = Pending::load(*file, options.routes);
  if (!pending) {
    return pending.error();
  }
  const Result<Meta> meta = file->catalogue.meta();
  if (!meta) {
    return meta.error();
  }
  Result<std::map<std::string, std::string>> states = file->catalogue.states();
  if (!states) {
    return states.error();
  }
  return std::unique_ptr<StoreLoop>(new StoreLoop(std::move(options), clock, *std::move(file),
                                                  *std::move(pending), *meta, *std::move(states)));
}

StoreLoop::StoreLoop(SqliteBufferOptions options, const Clock& clock, StoreFile file,
                     Pending pending, Meta meta, std::map<std::string, std::string> states)
    : options_(std::move(options)),
      database_(database_of(options_, false)),
      clock_(clock),
      file_(std::move(file)),
      pending_(std::move(pending)),
      room_(options_.max_size),
      ballast_(options_.directory),
      readers_(options_.routes),
      merger_(pending_),
      epoch_(meta.epoch),
      last_at_open_(pending_.last),
      inbox_(std::move(states), newest_of(pending_)),
      ticks_(meta.tick) {
  pending_.dead_max_size = options_.dead_max_size;
  pending_.compression_level = options_.compression_level;
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
  absorb(inbox_.take());
  serve();
  look();
  while (due(clock_.elapsed())) {
    const bool committed = commit(listener);
    absorb(inbox_.take());
    serve();
    if (!committed) {
      break;
    }
  }
  merge_small();
  arm(clock_.elapsed());
  publish();
}

void StoreLoop::finish(BufferListener& listener, std::chrono::milliseconds stop_time) {
  const Instant end = clock_.elapsed() + stop_time;
  absorb(inbox_.take());
  while (has_work()) {
    if (commit(listener)) {
      absorb(inbox_.take());
      continue;
    }
    const Instant now = clock_.elapsed();
    if (now >= end) {
      break;
    }
    const Instant next = std::min(end, retry_at_.value_or(end));
    inbox_.wait({.time = next - now, .uncommitted_bytes = 0, .anything_uncommitted = false}, {});
    absorb(inbox_.take());
  }
  end_requests(inbox_.close());
  readers_.close();
  for (const InspectionStep& inspection : std::exchange(steps_, {})) {
    inspection(Error{Reaction::Closed, "the buffer is stopping"});
  }
  publish();
}

void StoreLoop::absorb(Arrivals arrivals) {
  for (WaitingBlock& waiting : arrivals.blocks) {
    const Block& block = *waiting.sealed.block;
    FlowState& flow = pending_.flows.at(number(block.flow));
    flow.waiting_bytes += block.data.size();
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
  for (FileTask& each : arrivals.tasks) {
    tasks_.push_back(std::move(each));
  }
  for (auto& [key, put] : arrivals.puts) {
    pending_.puts.insert_or_assign(key, std::move(put));
  }
  for (FetchRequest& fetch : arrivals.fetches) {
    readers_.open(std::move(fetch));
  }
  std::ranges::move(arrivals.steps, std::back_inserter(steps_));
  flush_ = flush_ || arrivals.flush;
}

void StoreLoop::serve() {
  for (const FileTask& task : std::exchange(tasks_, {})) {
    task(file_ ? &*file_ : nullptr);
  }
  if (!file_) {
    return;
  }
  if (const Status served = readers_.serve(*file_, pending_); served) {
    read_error_.clear();
    read_failures_ = 0;
  } else {
    read_error_ = served.error().message;
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
    return now >= *retry_at_ && (has_work() || !file_);
  }
  if (!has_work()) {
    return false;
  }
  std::uint64_t bytes = 0;
  for (const FlowState& flow : pending_.flows) {
    bytes += can_store(flow, room_) ? flow.waiting_bytes : 0;
  }
  return flush_ || more_ || bytes > Inbox::kFlushBytes || (look_at_ && now >= *look_at_);
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

Inbox::Wait StoreLoop::next_wait() const {
  Inbox::Wait wait;
  const bool work = has_work();
  std::optional<Instant> next = retry_at_ && work ? retry_at_ : look_at_;
  if (!read_error_.empty() || !file_) {
    const Instant again = clock_.elapsed() + kReadAgain;
    next = next ? std::min(*next, again) : again;
  }
  if (!steps_.empty()) {
    next = clock_.elapsed();
  }
  if (next) {
    wait.time = std::max(*next - clock_.elapsed(), Instant::duration::zero());
  }
  wait.anything_uncommitted = work;
  for (const FlowState& flow : pending_.flows) {
    wait.uncommitted_bytes += !retry_at_ && can_store(flow, room_) ? flow.waiting_bytes : 0;
  }
  return wait;
}

}  // namespace sluice
