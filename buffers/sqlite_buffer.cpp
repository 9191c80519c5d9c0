#include "buffers/sqlite_buffer.h"

#include "buffers/directory_lock.h"
#include "buffers/store_loop.h"

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
  [[nodiscard]] Sequence last_sequence() const override { return loop_->last(); }
  [[nodiscard]] std::uint64_t epoch() const override { return loop_->epoch(); }
  [[nodiscard]] BufferCounts counts() const override { return loop_->inbox().counts(); }

  void submit(SealedBlock block) override { loop_->inbox().submit(std::move(block)); }
  void flush() override { loop_->inbox().flush(); }

  void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) override {
    loop_->inbox().fetch({.flow = flow, .sink = sink, .after = after, .then = std::move(then)});
  }
  void confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) override {
    loop_->inbox().confirm({flow, sink, {after, last}});
  }
  void split(FlowIndex /*flow*/, Sequence /*first*/, SplitHandler then) override {
    then(Error{Reaction::Reject, "blocks cannot be split yet"});
  }
  void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
            DeadLetter /*why*/) override {
    confirm(flow, sink, after, last);
  }
  [[nodiscard]] Sequence newest(FlowIndex flow) const override {
    return loop_->inbox().newest(flow);
  }

  [[nodiscard]] std::optional<std::string> load(std::string_view key) const override {
    return loop_->inbox().load(key);
  }
  void put(StateRow row) override { loop_->inbox().put(std::move(row)); }

  void inspect(InspectionStep step) override { loop_->inbox().inspect(std::move(step)); }

 private:
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
  Result<std::unique_ptr<StoreLoop>> loop = StoreLoop::open(std::move(options), clock);
  if (!loop) {
    return loop.error();
  }
  return std::unique_ptr<SqliteBuffer>(
      std::make_unique<LockedBuffer>(*std::move(lock), *std::move(loop)));
}

}  // namespace sluice
