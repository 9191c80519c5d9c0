// Buffer kept in one SQLite file. The format is described in buffers/FORMAT.md.
#pragma once

#include "buffers/ledger.h"
#include "core/block.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/result.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice {

enum class Durability {
  Power,    // synchronous=FULL: what is settled survives a power cut
  Process,  // synchronous=NORMAL: survives kill -9; a power cut may take the last moments
};

// One flow and the sinks that must confirm its blocks. Flows are matched to what the file holds by
// name, so their order may change between runs.
struct Route {
  std::string flow;
  std::vector<std::string> sinks;
  std::uint64_t max_size = 256ULL * 1024 * 1024;  // bytes of stored blocks; then the flow waits
};

struct SqliteBufferOptions {
  std::string directory;                           // holds buffer.db; created if absent
  std::uint64_t max_size = 1024ULL * 1024 * 1024;  // bytes of the whole file; then everything waits
  std::chrono::milliseconds flush_interval{
      1'000};  // a submitted block is committed at most this late
  Durability durability = Durability::Power;
  std::uint64_t dead_max_size = 64ULL * 1024 * 1024;  // frames of the dead letters; the oldest go
  int compression_level = 1;  // zstd, of blocks that are cut in two or put together
  std::vector<Route> routes;
  const char* vfs = nullptr;  // a registered SQLite file-system layer; null: the system's
};

enum class DeadId : std::int64_t {};  // of a dead letter; never used twice in one file

struct DeadEntry {
  DeadId id{};
  std::string flow;
  std::string sink;
  Sequence first{};
  Sequence last{};
  std::uint64_t records = 0;  // one, as a rule
  std::uint64_t bytes = 0;    // of the frame
  DeadLetter why;
  Timestamp at;
};

using DeadListHandler = std::function<void(Result<std::vector<DeadEntry>>)>;

// Of the whole buffer; a snapshot.
struct BufferCounts {
  std::uint64_t held_blocks = 0;  // stored and not yet confirmed by every sink
  std::uint64_t held_records = 0;
  std::uint64_t held_bytes = 0;     // of their frames
  std::uint64_t waiting_bytes = 0;  // submitted, not yet on disk
  std::uint64_t commits = 0;
  std::uint64_t stored_bytes = 0;    // frames committed since the start
  std::uint64_t damaged_blocks = 0;  // set aside because their checksum did not match
  std::string
      trouble;  // why nothing can be stored at the moment, for a human; empty if all is well
};

// See buffers/inspection.h.
class Inspection;
using InspectionStep = std::function<void(Result<Inspection*>)>;

// What tools see of a buffer. Any thread.
class InspectableBuffer {
 public:
  virtual ~InspectableBuffer() = default;

  // Calls `step` once, on the thread that owns the file, between two commits: it must be short, and
  // a long work consists of many of them. Closed: the buffer is stopping. Retry: the disk refuses.
  virtual void inspect(InspectionStep step) = 0;
};

// Order:      blocks of a flow are handed out in the order in which they were submitted.
// Durability: a settled block survives what `durability` says; one transaction per tick.
// Errors:     a full or failing disk delays: blocks wait in memory, nothing is settled, `trouble`
//             says why, and the work goes on by itself when the fault ends. A failed commit is
//             treated as unknown: whether it took place is read from the file before it is
//             repeated.
// Threads:    run() has a thread of its own and is the only one that touches the file; everything
//             else may be called from any thread.
class SqliteBuffer : public BlockWriter,
                     public BlockReader,
                     public StateStore,
                     public InspectableBuffer {
 public:
  // Works until `stop` is requested and what was submitted is stored, or cannot be stored within
  // `stop_time`. Then every open fetch is answered with Closed.
  virtual void run(BufferListener& listener, std::chrono::milliseconds stop_time,
                   std::stop_token stop) = 0;

  [[nodiscard]] virtual Sequence last_sequence() const = 0;  // ever given away, when it was opened
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;     // random id of this file
  [[nodiscard]] virtual BufferCounts counts() const = 0;
  [[nodiscard]] virtual FlowLedgers ledgers() const = 0;  // of the configured flows

  // The dead letters; see buffers/dead_letters.h, which waits for the answers. Handlers are called
  // once, on the store thread, after the transaction; Closed: the buffer is stopping.
  virtual void list_dead(DeadId after, std::size_t most, DeadListHandler then) = 0;
  virtual void read_dead(DeadId id, FetchHandler then) = 0;
  virtual void requeue_dead(DeadId id, SplitHandler then) = 0;
  virtual void drop_dead(DeadId id, SplitHandler then) = 0;
};

// Opens or creates the file and holds an exclusive lock on it as long as the object lives.
// Fails with Closed when another process holds the lock (nothing is touched), with Fatal when the
// directory cannot be written or the file is not a buffer of this version. A full disk is not a
// failure when the file exists.
Result<std::unique_ptr<SqliteBuffer>> open_sqlite_buffer(SqliteBufferOptions options,
                                                         const Clock& clock);

}  // namespace sluice
