// Buffer kept in one SQLite file. The format is described in buffers/FORMAT.md.
#pragma once

#include "buffers/ledger.h"
#include "core/block.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/histogram.h"
#include "core/ids.h"
#include "core/result.h"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace sluice {

enum class Durability {
  Power,    // synchronous=FULL: what is settled survives a power cut
  Process,  // synchronous=NORMAL: survives kill -9; a power cut may take the last moments
};

// What a flow does when there is no room for a new block: because of its own limit, because the
// file has reached its size, or because the disk is nearly full.
enum class WhenFull {
  Block,       // it waits; nothing is settled, so the sources are held back
  DropOldest,  // its oldest blocks go, except those that a sink is just being sent if there are
               // others; when it has none left, the new one
  DropNewest,  // the new block goes. It is settled: its messages are acknowledged
};

// When flows compete for the room of the file or the disk: blocks of a higher priority are stored
// first, and flows of a lower one that drop their oldest have to make room for them.
enum class Priority { Low, Normal, High };

// One flow and the sinks that must confirm its blocks. Flows are matched to what the file holds by
// name, so their order may change between runs.
struct Route {
  std::string flow;
  std::vector<std::string> sinks;
  std::uint64_t max_size = 256ULL * 1024 * 1024;  // bytes of stored blocks
  WhenFull when_full = WhenFull::Block;
  Priority priority = Priority::Normal;
  // Blocks are dropped when their newest record has been stored for longer, up to a 64th of it
  // later; none: they are kept for ever. A block that a sink is just being sent is kept. Neither
  // the times of the records nor the wall clock decide, because either may be wrong: what counts is
  // the time that the agent has been running, and between two runs what the wall clock says, at
  // most a day.
  std::optional<std::chrono::milliseconds> max_age{};
};

// Of a file system, in bytes.
struct VolumeSpace {
  std::uint64_t total = 0;
  std::uint64_t free = 0;  // for this user
};

struct SqliteBufferOptions {
  std::string directory;                           // holds buffer.db; created if absent
  std::uint64_t max_size = 1024ULL * 1024 * 1024;  // bytes of the whole file; then everything waits
  std::chrono::milliseconds flush_interval{
      1'000};  // a submitted block is committed at most this late
  // How long a submitted block may wait in memory to be delivered before it is written. Confirmed
  // by every sink in that time, it is settled without having touched the disk. Zero: every block is
  // written with the next commit, and handed out when it is on the disk.
  std::chrono::milliseconds spill_after{0};
  Durability durability = Durability::Power;
  std::uint64_t dead_max_size = 64ULL * 1024 * 1024;  // frames of the dead letters; the oldest go
  int compression_level = 1;  // zstd, of blocks that are cut in two or put together
  std::vector<Route> routes;

  // Encryption at rest: 32 bytes as 64 hexadecimal digits or in base64. Blocks, dead letters and
  // states are sealed with the key; empty: they are not. What one of the old keys has sealed can
  // still be read. FORMAT.md says what is not encrypted.
  std::string encryption_key = {};
  std::vector<std::string> encryption_old_keys = {};

  const char* vfs = nullptr;  // a registered SQLite file-system layer; null: the system's
  // Asked often, on the store thread; empty: the file system that holds the directory. Before it is
  // full the policies of the flows take effect: max(16 MiB, 1 %) are left to others, but never more
  // than an eighth.
  std::function<VolumeSpace()> volume{};
};

enum class DeadId : std::int64_t {};  // of a dead letter; never used twice in one file

struct DeadEntry {
  DeadId id{};
  std::string flow;
  std::string sink;  // empty: it died before any sink saw it
  Sequence first{};
  Sequence last{};
  std::uint64_t records = 0;  // one, as a rule
  std::uint64_t bytes = 0;    // of the frame
  DeadLetter why;
  Timestamp at;
};

// What a flow holds on the disk, and its own limit.
struct FlowRoom {
  std::uint64_t held_records = 0;
  std::uint64_t held_bytes = 0;  // of their frames
  std::uint64_t max_bytes = 0;
  std::int64_t imbalance = 0;  // of its ledger, see imbalance_of()
};

// Seconds.
inline constexpr std::array<double, 13> kCommitBounds{0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                                      0.2,   0.5,   1,     2,    5,    10};

// Of the whole buffer; a snapshot.
struct BufferCounts {
  std::uint64_t held_blocks = 0;  // stored and not yet confirmed by every sink
  std::uint64_t held_records = 0;
  std::uint64_t held_bytes = 0;     // of their frames
  std::uint64_t waiting_bytes = 0;  // submitted, not yet on disk
  std::uint64_t commits = 0;
  std::uint64_t stored_bytes = 0;    // frames committed since the start
  std::uint64_t damaged_blocks = 0;  // set aside because their checksum did not match
  std::uint64_t passed_records = 0;  // delivered without having been written, since the start
  // Records that were given up since the start. The ledger in the file has them by flow.
  std::uint64_t dropped_full = 0;  // for want of room in the flow or the file
  std::uint64_t dropped_disk = 0;  // for want of room on the disk
  std::uint64_t dropped_age = 0;

  std::uint64_t file_bytes = 0;      // in use, as of the last look
  std::uint64_t file_max_bytes = 0;  // what it may grow to: its limit, or what the disk still has
  std::vector<FlowRoom> flows{};     // in the order of the routes
  Histogram commit_seconds{kCommitBounds};  // of the transactions that took place

  // Of a damaged file that was found since the start: what happened and where it is now, for a
  // human; empty if nothing did.
  std::string quarantine;
  std::uint64_t salvaged_blocks = 0;  // read out of it
  std::uint64_t lost_blocks = 0;      // listed in it, but not readable
  std::uint64_t lost_records = 0;     // stored, but neither there nor accounted for
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
// Durability: a settled block survives what `durability` says, or every sink has confirmed it; one
//             transaction per tick. Sequences that were handed out are not used again after a
//             crash, whether their blocks were written or not.
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

  // From now on blocks are written as if `spill_after` were zero: the agent is about to stop, and
  // its sources wait for what they have delivered to be settled. Any thread.
  virtual void stop_waiting() = 0;

  [[nodiscard]] virtual Sequence last_sequence() const = 0;  // ever given away, when it was opened
  [[nodiscard]] virtual std::uint64_t epoch() const = 0;     // random id of this file
  [[nodiscard]] virtual BufferCounts counts() const = 0;
  [[nodiscard]] virtual FlowLedgers ledgers() const = 0;  // of the configured flows

  // Changes a dead letter; inspect() finds them. The handler is called once, on the store thread,
  // after the transaction. Requeue puts the record back under its own sequence: the sink that
  // refused it is handed it out again when it asks for the oldest block, and nobody else is. Drop
  // is for good. Reject: there is none with this id, it is damaged, or its flow or sink is not
  // configured; Closed: the buffer is stopping.
  //
  // A letter without a sink cannot be requeued: its message has to go through its flow again. When
  // what comes of it is settled, forget_input() removes the letter; the ledger counts it as
  // retried_input.
  virtual void requeue_dead(DeadId id, SplitHandler then) = 0;
  virtual void forget_input(DeadId id, SplitHandler then) = 0;
  virtual void drop_dead(DeadId id, SplitHandler then) = 0;
};

// Opens or creates the file and holds an exclusive lock on it as long as the object lives. A
// damaged file, or one of another program, is moved to a directory of its own, a new one is made,
// and the blocks that can be read go on in it; see BufferCounts::quarantine.
//
// Fails with Closed when another process holds the lock, and with Fatal when the directory cannot
// be written, the file was made by a later version, or a key that has sealed blocks in it is
// missing: nothing is touched then. A full disk is not a failure when the file exists.
Result<std::unique_ptr<SqliteBuffer>> open_sqlite_buffer(SqliteBufferOptions options,
                                                         const Clock& clock);

}  // namespace sluice
