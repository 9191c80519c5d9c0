#include "sources/internal_source.h"

#include "core/mutex.h"

#include <atomic>
#include <condition_variable>
#include <utility>

namespace sluice {

namespace {

class InternalSource final : public Source {
 public:
  InternalSource(InternalSourceOptions options, std::function<std::string()> figures,
                 const Clock& clock)
      : options_(std::move(options)), figures_(std::move(figures)), clock_(clock) {}

  Status run(Inlet& inlet, std::stop_token stop) override {
    const std::stop_callback wake(stop, [this] { resume(); });
    running_ = true;
    Instant due = clock_.elapsed() + options_.every;
    while (!stop.stop_requested()) {
      ++turns_;
      if (clock_.elapsed() < due) {
        wait_until(due);
        continue;
      }
      due += options_.every;
      if (!inlet.full()) {
        deliver(inlet);
      }
    }
    running_ = false;
    return {};
  }

  void settled(Ticket last) override { settled_ = number(last); }

  void resume() override {
    {
      const MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

  [[nodiscard]] std::string state_at(Ticket /*last*/) const override { return {}; }

  [[nodiscard]] SourceCounts counts() const override {
    return {
        .messages = messages_, .acknowledged = settled_, .turns = turns_, .connected = running_};
  }

 private:
  void wait_until(Instant due) {
    const MutexLock lock(mutex_);
    if (!woken_) {
      changed_.wait_until(mutex_, std::chrono::steady_clock::now() + (due - clock_.elapsed()));
    }
    woken_ = false;
  }

  void deliver(Inlet& inlet) {
    const std::string payload = figures_();
    batch_.add({.topic = options_.topic, .payload = payload, .received = clock_.now()});
    inlet.deliver(batch_);
    ++messages_;
  }

  const InternalSourceOptions options_;
  const std::function<std::string()> figures_;
  const Clock& clock_;
  MessageBatch batch_;
  std::atomic<std::uint64_t> messages_ = 0;
  std::atomic<std::uint64_t> settled_ = 0;
  std::atomic<std::uint64_t> turns_ = 0;
  std::atomic<bool> running_ = false;
  Mutex mutex_;
  std::condition_variable_any changed_;
  bool woken_ SLUICE_GUARDED_BY(mutex_) = false;
};

}  // namespace

std::unique_ptr<Source> make_internal_source(InternalSourceOptions options,
                                             std::function<std::string()> figures,
                                             const Clock& clock) {
  return std::make_unique<InternalSource>(std::move(options), std::move(figures), clock);
}

}  // namespace sluice
