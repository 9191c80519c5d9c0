// The store thread: collects what arrives, commits it, and answers the sinks. Private to buffers/.
#pragma once

#include "buffers/age.h"
#include "buffers/ballast.h"
#include "buffers/compaction.h"
#include "buffers/inbox.h"
#include "buffers/inspection.h"
#include "buffers/merge.h"
#include "buffers/open_store.h"
#include "buffers/pending.h"
#include "buffers/quota.h"
#include "buffers/readers.h"
#include "buffers/spill.h"
#include "buffers/sqlite_buffer.h"
#include "buffers/store_file.h"
#include "buffers/tick.h"
#include "core/backoff.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice {

// run() or step() on one thread; inbox(), last() and epoch() from any.
class StoreLoop {
 public:
  // The caller holds the lock of the directory. `clock` outlives the loop.
  static Result<std::unique_ptr<StoreLoop>> open(SqliteBufferOptions options, const Clock& clock,
                                                 Suspicion suspicion = Suspicion::None);

  void run(BufferListener& listener, std::chrono::milliseconds stop_time,
           const std::stop_token& stop);

  // One round of run() without the waiting: everything that is due by the clock.
  void step(BufferListener& listener);

  // Runs the step at once, for who has the loop on his own thread.
  void inspect(const InspectionStep& step);

  Inbox& inbox() { return inbox_; }
  [[nodiscard]] const Inbox& inbox() const { return inbox_; }
  [[nodiscard]] Sequence last() const { return last_at_open_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }

 private:
  StoreLoop(SqliteBufferOptions options, const Clock& clock, OpenedStore store);

  class Look;
  struct Removal;

  // Takes in what has arrived, answers fetches, and settles what was delivered from memory.
  void look(BufferListener& listener);
  void absorb(Arrivals arrivals);
  void offer();
  void serve();
  void settle_delivered(BufferListener& listener);
  void inspect_next();
  void finish(BufferListener& listener, std::chrono::milliseconds stop_time);

  [[nodiscard]] bool has_work() const;
  [[nodiscard]] bool due(Instant now) const;
  [[nodiscard]] Inbox::Wait next_wait() const;
  void arm(Instant now);

  // One transaction, and what follows from its outcome. True if it took place.
  bool commit(BufferListener& listener);
  Status attempt(BufferListener& listener);
  Status reopen();
  Status reconcile(BufferListener& listener);
  Status secure();
  Status change(const std::function<Status(StoreFile&)>& write);
  Status apply(const Removal& removal);
  void note(const Removal& removal);
  Status write(BufferListener& listener, TickKind kind);
  void note_commit(std::uint64_t stored_bytes);
  void settle(BufferListener& listener, const std::vector<SealedBlock>& stored);
  void give_back_sequences(BufferListener& listener);
  void merge_small();
  void tell(Tick& tick);
  void end_requests(Arrivals last);
  void use_ballast(BufferListener& listener);
  void make_room();
  void measure(bool grew);
  [[nodiscard]] std::optional<Instant> compaction_due() const;
  void compact();
  void failed(const Error& error);

  static std::vector<std::optional<AgeLimit>> make_ages(
      const std::vector<Route>& routes, const std::map<std::string, std::string>& states,
      const Clock& clock);
  void look_at_ages();
  void save_ages(bool unchanged_too);
  void look_at_volume();
  [[nodiscard]] std::optional<Instant> next_watch() const;
  void suspect(const Error& error);
  [[nodiscard]] Remembered remembered() const;
  void publish();
  void publish_ledgers();
  [[nodiscard]] std::string trouble() const;

  const SqliteBufferOptions options_;
  const std::string path_;
  const Clock& clock_;
  std::optional<StoreFile> file_;  // empty while it has to be opened again
  Pending pending_;
  FileRoom room_;
  Ballast ballast_;
  Compaction compaction_;
  Readers readers_;
  Spill spill_;
  std::deque<InspectionStep> steps_;  // of inspections, one in each round
  Merger merger_;
  std::vector<std::optional<AgeLimit>> ages_;  // by flow
  const std::uint64_t epoch_;
  const Sequence last_at_open_;
  SalvageReport salvage_;
  Inbox inbox_;

  std::uint64_t ticks_;  // number of the last transaction that is known to have taken place
  bool unsure_ = false;  // there may be a later one in the file
  Suspicion suspicion_ = Suspicion::None;  // of the file, when it is opened again
  std::optional<Instant> look_at_;         // when the thread commits what it then finds
  bool flush_ = false;
  bool more_ = false;  // the last transaction left something for the next

  Backoff backoff_{{std::chrono::milliseconds(20), std::chrono::milliseconds(1'000)}};
  std::optional<Instant> retry_at_;  // set while the disk refuses
  unsigned failures_ = 0;            // in a row, other than for lack of space
  std::string commit_error_;         // of the last transaction; empty after a success
  std::string read_error_;
  unsigned read_failures_ = 0;  // in a row
  std::uint64_t commits_ = 0;
  Histogram commit_seconds_{kCommitBounds};
  std::uint64_t stored_bytes_ = 0;
  std::uint64_t passed_ = 0;
  DropCounts dropped_{};
  std::uint64_t free_bytes_ = 0;  // of the disk
};

}  // namespace sluice
