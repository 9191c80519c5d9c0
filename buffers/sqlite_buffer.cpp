#include "buffers/sqlite_buffer.h"

#include "buffers/directory_lock.h"
#include "buffers/store_loop.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {

namespace {

class LockedBuffer final : public SqliteBuffer {
 public:
  LockedBuffer(DirectoryLock lock, std::unique_ptr<StoreLoop> loop)
      : lock_(std::move(lock)), loop_(std::move(loop)) {}

  void run(BufferListener& listener, std::chrono::milliseconds stop_time,
           std::stop_token stop) override {
    loop_->run(listener, stop_time, stop);
  }
  void stop_waiting() override { loop_->inbox().stop_waiting(); }
  [[nodiscard]] Sequence last_sequence() const override { return loop_->last(); }
  [[nodiscard]] std::uint64_t epoch() const override { return loop_->epoch(); }
  [[nodiscard]] BufferCounts counts() const override { return loop_->inbox().counts(); }
  [[nodiscard]] FlowLedgers ledgers() const override { return loop_->inbox().ledgers(); }

  void submit(SealedBlock block) override { loop_->inbox().submit(std::move(block)); }
  void flush() override { loop_->inbox().flush(); }

  void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) override {
    loop_->inbox().fetch({.flow = flow, .sink = sink, .after = after, .then = std::move(then)});
  }
  void confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) override {
    loop_->inbox().confirm({flow, sink, {after, last}});
  }
  void split(FlowIndex flow, Sequence first, SplitHandler then) override {
    loop_->inbox().split(
        {.flow = flow, .first = first, .then = std::move(then), .tried_last = std::nullopt});
  }
  void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
            DeadLetter why) override {
    loop_->inbox().bury({.flow = flow,
                         .sink = sink,
                         .range = {after, last},
                         .why = std::move(why),
                         .block = nullptr});
  }
  [[nodiscard]] Sequence newest(FlowIndex flow) const override {
    return loop_->inbox().newest(flow);
  }

  void requeue_dead(DeadId id, SplitHandler then) override {
    change_dead(id, DeadRequest::What::Requeue, std::move(then));
  }
  void forget_input(DeadId id, SplitHandler then) override {
    change_dead(id, DeadRequest::What::ForgetInput, std::move(then));
  }
  void drop_dead(DeadId id, SplitHandler then) override {
    change_dead(id, DeadRequest::What::Drop, std::move(then));
  }

  [[nodiscard]] std::optional<std::string> load(std::string_view key) const override {
    return loop_->inbox().load(key);
  }
  void put(StateRow row) override { loop_->inbox().put(std::move(row)); }

  void inspect(InspectionStep step) override { loop_->inbox().inspect(std::move(step)); }

 private:
  void change_dead(DeadId id, DeadRequest::What what, SplitHandler then) {
    loop_->inbox().change_dead(
        {.id = id, .what = what, .then = std::move(then), .tried = false, .hole = std::nullopt});
  }

  DirectoryLock lock_;  // first: given up after the file is closed
  std::unique_ptr<StoreLoop> loop_;
};

}  // namespace

Result<std::unique_ptr<SqliteBuffer>> open_sqlite_buffer(SqliteBufferOptions options,
                                                         const Clock& clock) {
  Result<DirectoryLock> lock = DirectoryLock::take(options.directory);
  if (!lock) {
    return lock.error();
  }
  Result<std::unique_ptr<StoreLoop>> loop = StoreLoop::open(
      std::move(options), clock, lock->after_crash() ? Suspicion::AfterCrash : Suspicion::None);
  if (!loop) {
    return loop.error();
  }
  return std::unique_ptr<SqliteBuffer>(
      std::make_unique<LockedBuffer>(*std::move(lock), *std::move(loop)));
}

}  // namespace sluice
