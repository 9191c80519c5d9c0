#include "commands/thread_watch.h"

#include <utility>

namespace sluice {

void ThreadWatch::add(WatchedThread thread) {
  threads_.push_back(std::move(thread));
  const MutexLock lock(mutex_);
  answers_.emplace_back();
}

void ThreadWatch::look() {
  std::vector<std::uint64_t> turns;
  turns.reserve(threads_.size());
  for (const WatchedThread& each : threads_) {
    turns.push_back(each.turns());
  }
  std::vector<std::size_t> to_nudge;
  {
    const MutexLock lock(mutex_);
    looked_ = clock_.elapsed();
    const bool time_to_nudge = looks_++ % kLooksBetweenNudges == 0;
    for (std::size_t i = 0; i < threads_.size(); ++i) {
      Answer& answer = answers_[i];
      if (std::exchange(answer.seen, turns[i]) != turns[i]) {
        answer.unanswered.reset();
      }
      if (answer.unanswered) {
        ++*answer.unanswered;
      } else if (time_to_nudge) {
        answer.unanswered = 0;
        to_nudge.push_back(i);
      }
    }
  }
  for (const std::size_t i : to_nudge) {
    threads_[i].nudge();
  }
}

std::vector<std::string> ThreadWatch::stuck() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    const unsigned unanswered = answers_[i].unanswered.value_or(0);
    if (unanswered >= threads_[i].patience) {
      words.push_back(threads_[i].name + " has not moved for " + std::to_string(unanswered) + " s");
    }
  }
  if (looked_ && clock_.elapsed() - *looked_ > kSilence) {
    words.emplace_back("the main thread has not looked after the others for a minute");
  }
  return words;
}

}  // namespace sluice
