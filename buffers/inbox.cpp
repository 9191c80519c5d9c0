#include "buffers/inbox.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice {

namespace {

constexpr const char* kClosed = "the buffer is closed";

}  // namespace

Inbox::Inbox(std::map<std::string, std::string> states, std::vector<Sequence> newest, Waking waking)
    : waking_(waking),
      states_(std::make_move_iterator(states.begin()), std::make_move_iterator(states.end())),
      newest_(std::move(newest)) {
}

void Inbox::submit(SealedBlock block) {
  const std::uint64_t bytes = bytes_of(block);
  const MutexLock lock(mutex_);
  const std::uint64_t before = uncommitted_bytes_ + inbox_bytes_;
  inbox_bytes_ += bytes;
  counts_.waiting_bytes += bytes;
  arrivals_.blocks.push_back({++arrival_, std::move(block), {}});
  arrived();
  if (before <= kFlushBytes && before + bytes > kFlushBytes) {
    wake();
  }
}

void Inbox::flush() {
  const MutexLock lock(mutex_);
  if (idle_) {
    return;
  }
  arrivals_.flush = true;
  arrivals_.flush_arrival = arrival_;
  wake();
}

void Inbox::stop_waiting() {
  const MutexLock lock(mutex_);
  arrivals_.stop_waiting = true;
  wake();
}

void Inbox::fetch(FetchRequest request) {
  if (!accept(request)) {
    request.then(Error{Reaction::Closed, kClosed});
  }
}

bool Inbox::accept(FetchRequest& request) {
  const MutexLock lock(mutex_);
  if (closed_) {
    return false;
  }
  request.nothing_stored = newest_.at(number(request.flow)) <= request.after;
  if (!request.nothing_stored) {
    wake();
  }
  arrivals_.fetches.push_back(std::move(request));
  return true;
}

void Inbox::confirm(Confirmation confirmation) {
  const MutexLock lock(mutex_);
  arrivals_.confirmations.push_back(confirmation);
  arrived();
}

template <class Request>
bool Inbox::accept(std::vector<Request> Arrivals::*into, Request& request) {
  const MutexLock lock(mutex_);
  if (closed_) {
    return false;
  }
  (arrivals_.*into).push_back(std::move(request));
  wake();
  return true;
}

void Inbox::bury(Burial burial) {
  const MutexLock lock(mutex_);
  arrivals_.burials.push_back(std::move(burial));
  arrived();
}

void Inbox::split(SplitRequest request) {
  if (!accept(&Arrivals::splits, request)) {
    request.then(Error{Reaction::Closed, kClosed});
  }
}

void Inbox::change_dead(DeadRequest request) {
  if (!accept(&Arrivals::dead_requests, request)) {
    request.then(Error{Reaction::Closed, kClosed});
  }
}

void Inbox::put(StateRow row) {
  const MutexLock lock(mutex_);
  if (row.value.empty()) {
    states_.erase(row.key);
  } else {
    states_.insert_or_assign(row.key, row.value);
  }
  std::string key = row.key;
  arrivals_.puts.insert_or_assign(std::move(key), WaitingPut{++arrival_, std::move(row)});
  arrived();
}

void Inbox::inspect(InspectionStep step) {
  {
    const MutexLock lock(mutex_);
    if (!closed_) {
      arrivals_.steps.push_back(std::move(step));
      wake();
      return;
    }
  }
  step(Error{Reaction::Closed, "the buffer is closed"});
}

std::optional<std::string> Inbox::load(std::string_view key) const {
  const MutexLock lock(mutex_);
  const auto found = states_.find(key);
  return found != states_.end() ? std::optional(found->second) : std::nullopt;
}

BufferCounts Inbox::counts() const {
  const MutexLock lock(mutex_);
  return counts_;
}

Sequence Inbox::newest(FlowIndex flow) const {
  const MutexLock lock(mutex_);
  return newest_.at(number(flow));
}

bool Inbox::empty() const {
  return arrivals_.blocks.empty() && arrivals_.confirmations.empty() && arrivals_.puts.empty() &&
         arrivals_.burials.empty();
}

void Inbox::arrived() {
  idle_ = false;
  if (untimed_ || waking_ == Waking::Prompt) {
    wake();
  }
}

void Inbox::wake() {
  wake_ = true;
  awake_.notify_one();
}

void Inbox::wait(const Wait& wait, std::stop_token stop) {
  const MutexLock lock(mutex_);
  uncommitted_bytes_ = wait.uncommitted_bytes;
  untimed_ = !wait.time.has_value();
  idle_ = !wait.anything_uncommitted && empty();
  const bool look_now = (untimed_ && !empty()) || (uncommitted_bytes_ <= kFlushBytes &&
                                                   uncommitted_bytes_ + inbox_bytes_ > kFlushBytes);
  if (!look_now) {
    const auto woken = [this]() SLUICE_REQUIRES(mutex_) { return wake_; };
    if (wait.time) {
      awake_.wait_until(mutex_, std::move(stop), std::chrono::steady_clock::now() + *wait.time,
                        woken);
    } else {
      awake_.wait(mutex_, std::move(stop), woken);
    }
  }
  wake_ = false;
  untimed_ = false;
  idle_ = false;
}

Arrivals Inbox::take() {
  const MutexLock lock(mutex_);
  inbox_bytes_ = 0;
  return std::exchange(arrivals_, {});
}

std::vector<FetchRequest> Inbox::offered(const std::vector<Sequence>& newest) {
  const MutexLock lock(mutex_);
  for (std::size_t flow = 0; flow < newest.size(); ++flow) {
    newest_.at(flow) = std::max(newest_.at(flow), newest[flow]);
  }
  return take_fetches();
}

// Not past a confirmation that was there before them: it says what they must not be given. Then
// they come with it, by take().
std::vector<FetchRequest> Inbox::take_fetches() {
  if (arrivals_.confirmations.empty() && arrivals_.burials.empty()) {
    return std::exchange(arrivals_.fetches, {});
  }
  for (FetchRequest& fetch : arrivals_.fetches) {
    fetch.nothing_stored = newest_.at(number(fetch.flow)) <= fetch.after;
    if (!fetch.nothing_stored) {
      wake();
    }
  }
  return {};
}

std::vector<FetchRequest> Inbox::stored(const std::vector<SealedBlock>& blocks) {
  const MutexLock lock(mutex_);
  for (const SealedBlock& each : blocks) {
    if (!each.block->empty()) {
      Sequence& newest = newest_.at(number(each.block->flow));
      newest = std::max(newest, each.block->first);
    }
    counts_.waiting_bytes -= bytes_of(each);
    for (const StateRow& row : each.state) {
      if (row.value.empty()) {
        states_.erase(row.key);
      } else {
        states_.insert_or_assign(row.key, row.value);
      }
    }
  }
  return take_fetches();
}

void Inbox::look_again(FlowIndex flow, Sequence newest) {
  const MutexLock lock(mutex_);
  newest_.at(number(flow)) = std::max(newest_.at(number(flow)), newest);
  for (FetchRequest& fetch : arrivals_.fetches) {
    fetch.nothing_stored = fetch.nothing_stored && fetch.flow != flow;
  }
}

FlowLedgers Inbox::ledgers() const {
  const MutexLock lock(mutex_);
  return ledgers_;
}

void Inbox::publish(FlowLedgers ledgers) {
  const MutexLock lock(mutex_);
  ledgers_ = std::move(ledgers);
}

void Inbox::publish(BufferCounts counts) {
  const MutexLock lock(mutex_);
  counts.waiting_bytes = counts_.waiting_bytes;
  counts_ = std::move(counts);
}

Arrivals Inbox::close() {
  const MutexLock lock(mutex_);
  closed_ = true;
  return std::exchange(arrivals_, {});
}

}  // namespace sluice
