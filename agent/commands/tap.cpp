#include "commands/tap.h"

#include "pipeline/topic_filter.h"
#include "uplink/record_lines.h"

#include <algorithm>
#include <deque>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

// More than this wait for a listener who is slow; what comes then he does not see.
constexpr std::size_t kMostWaiting = 4;

AdminChunk piece(std::string text) {
  return std::optional(std::move(text));
}

}  // namespace

// What the intake's thread and the listener's share.
class Tap::Listener {
 public:
  explicit Listener(FlowIndex flow) : flow_(flow) {}

  void offer(const BlockPtr& block) {
    if (block->flow != flow_) {
      return;
    }
    AdminChunkHandler then;
    {
      const MutexLock lock(mutex_);
      if (waiting_.size() < kMostWaiting) {
        waiting_.push_back(block);
      }
      then = std::exchange(then_, {});
    }
    if (then) {
      then(piece({}));  // he comes back for it, on a thread of his own
    }
  }

  void beat() {
    AdminChunkHandler then;
    {
      const MutexLock lock(mutex_);
      if (++beats_ % kBeatsBetweenSigns == 0) {
        then = std::exchange(then_, {});
      }
    }
    if (then) {
      then(piece("\n"));
    }
  }

  // The next block; or nothing, and `then` is called as soon as it is worth asking again.
  BlockPtr next(AdminChunkHandler& then) {
    const MutexLock lock(mutex_);
    if (waiting_.empty()) {
      then_ = std::move(then);
      return nullptr;
    }
    BlockPtr block = std::move(waiting_.front());
    waiting_.pop_front();
    return block;
  }

 private:
  const FlowIndex flow_;
  Mutex mutex_;
  std::deque<BlockPtr> waiting_ SLUICE_GUARDED_BY(mutex_);
  AdminChunkHandler then_ SLUICE_GUARDED_BY(mutex_);
  unsigned beats_ SLUICE_GUARDED_BY(mutex_) = 0;
};

// Runs on the admin thread.
class Tap::Body final : public AdminBody {
 public:
  Body(Tap& tap, TapChoice choice, std::shared_ptr<Listener> listener)
      : tap_(tap),
        choice_(std::move(choice)),
        filter_(choice_.topic.empty() ? "#" : choice_.topic),
        listener_(std::move(listener)),
        allowance_(static_cast<double>(choice_.rate)),
        filled_(tap_.clock_.elapsed()) {}
  ~Body() override { tap_.leave(listener_); }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  void next(AdminChunkHandler then) override {
    if (!begun_) {
      begun_ = true;
      return then(piece({}));  // the answer begins now, whenever there is something to show
    }
    if (choice_.count == 0) {
      return then(std::optional<std::string>());
    }
    if (const BlockPtr block = listener_->next(then); block != nullptr) {
      then(sample_of(block));
    }
  }

 private:
  // Evenly spread over the block.
  AdminChunk sample_of(const BlockPtr& block) {
    refill();
    const auto allowed = std::min<std::uint64_t>(static_cast<std::uint64_t>(allowance_),
                                                 choice_.count.value_or(choice_.rate));
    if (allowed == 0) {
      return piece({});
    }
    const auto text = text_of(block);
    if (!text) {
      return text.error();
    }
    const std::vector<std::string_view> lines = wanted_of(**text);
    const std::uint64_t taken = std::min<std::uint64_t>(allowed, lines.size());
    std::string sample;
    for (std::uint64_t i = 0; i < taken; ++i) {
      sample.append(lines[i * lines.size() / taken]).push_back('\n');
    }
    allowance_ -= static_cast<double>(taken);
    if (choice_.count) {
      *choice_.count -= taken;
    }
    return piece(std::move(sample));
  }

  [[nodiscard]] std::vector<std::string_view> wanted_of(std::string_view text) const {
    std::vector<std::string_view> lines;
    std::string_view line;
    std::string memory;
    while (next_line(text, line)) {
      if (choice_.topic.empty() || filter_.matches(topic_of(line, memory))) {
        lines.push_back(line);
      }
    }
    return lines;
  }

  void refill() {
    const auto rate = static_cast<double>(choice_.rate);
    const Instant now = tap_.clock_.elapsed();
    const double seconds = std::chrono::duration<double>(now - filled_).count();
    allowance_ = std::min(rate, allowance_ + seconds * rate);
    filled_ = now;
  }

  Tap& tap_;
  TapChoice choice_;
  const TopicFilter filter_;
  std::shared_ptr<Listener> listener_;
  bool begun_ = false;
  double allowance_;  // records that may be shown now
  Instant filled_;
};

void Tap::submit(SealedBlock block) {
  if (tapped_.load(std::memory_order_relaxed)) {
    offer(block.block);
  }
  buffer_.submit(std::move(block));
}

Result<std::unique_ptr<AdminBody>> Tap::listen(TapChoice choice) {
  auto listener = std::make_shared<Listener>(choice.flow);
  {
    const MutexLock lock(mutex_);
    if (listeners_.size() >= kMostListeners) {
      return Error{Reaction::Full, "too many listen already: end another sluice tap first"};
    }
    listeners_.push_back(listener);
    tapped_ = true;
  }
  return std::unique_ptr<AdminBody>(
      std::make_unique<Body>(*this, std::move(choice), std::move(listener)));
}

void Tap::leave(const std::shared_ptr<Listener>& listener) {
  const MutexLock lock(mutex_);
  std::erase(listeners_, listener);
  tapped_ = !listeners_.empty();
}

// Listeners are called without the lock.
void Tap::offer(const BlockPtr& block) {
  std::vector<std::shared_ptr<Listener>> listeners;
  {
    const MutexLock lock(mutex_);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) {
    listener->offer(block);
  }
}

void Tap::beat() {
  std::vector<std::shared_ptr<Listener>> listeners;
  {
    const MutexLock lock(mutex_);
    listeners = listeners_;
  }
  for (const auto& listener : listeners) {
    listener->beat();
  }
}

}  // namespace sluice
