// A look into the buffer in small steps: while an agent uses it, or when it is stopped.
#pragma once

#include "buffers/ledger.h"
#include "buffers/sqlite_buffer.h"
#include "core/block.h"
#include "core/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// A flow as the file names it; also one that is not configured any more.
enum class StoredFlow : std::int64_t {};

struct SinkOutline {
  std::string name;
  Sequence confirmed{};                               // everything up to here
  std::vector<std::pair<Sequence, Sequence>> ranges;  // and everything after one up to the other
};

// What the file says that it holds of a flow, without a look at the blocks.
struct HeldOutline {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const HeldOutline&, const HeldOutline&) = default;
};

struct FlowOutline {
  StoredFlow id{};
  std::string name;
  bool configured = false;  // among the routes with which the buffer was opened
  std::uint64_t max_size = 0;
  std::vector<SinkOutline> sinks;   // those that have confirmed something, or could
  Ledger ledger;                    // see FORMAT.md
  std::optional<HeldOutline> held;  // nothing: the file does not say it at the moment
};

struct BufferOutline {
  std::uint64_t epoch = 0;
  Sequence last{};                // ever stored
  std::uint64_t file_bytes = 0;   // without the log
  std::uint64_t used_bytes = 0;   // of them
  std::uint64_t quarantined = 0;  // blocks that were set aside
  std::uint64_t dead_letters = 0;
  std::uint64_t dead_bytes = 0;
  DeadId last_dead{};  // the newest; 0 if there is none
  std::vector<FlowOutline> flows;
};

// A stored block without its data.
struct BlockOutline {
  StoredFlow flow{};
  Sequence first{};
  Sequence last{};
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
  std::uint64_t raw_bytes = 0;
  Timestamp min_time;
  Timestamp max_time;
};

struct InspectedBlock {
  BlockOutline outline;
  BlockPtr block;  // null: it does not match its checksum
};

struct PurgeOrder {
  std::optional<std::string> flow;  // all if absent
  std::optional<std::string> sink;  // only it forgets them; all sinks if absent. Needs the flow
  std::optional<Timestamp> before;  // only blocks whose last record is older
};

struct PurgeStep {
  std::uint64_t blocks = 0;  // that the sinks of the order will not get
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // given back: not those of blocks that other sinks still need
  Sequence reached{};       // go on behind it
  bool done = false;
};

// The open file. Used within a step only. Every call is short, whatever the file holds.
class Inspection {
 public:
  virtual ~Inspection() = default;

  virtual Result<BufferOutline> outline() = 0;

  // The oldest blocks behind `after`, at most `most` of them. Without a flow: of all flows.
  virtual Result<std::vector<BlockOutline>> blocks(std::optional<StoredFlow> flow, Sequence after,
                                                   std::size_t most) = 0;
  // The oldest block of the flow that begins behind `after`, with its data; nothing if there is
  // none. Blocks may have been put together since the last look: one that begins earlier, but goes
  // on behind `seen`, comes first.
  virtual Result<std::optional<InspectedBlock>> block(StoredFlow flow, Sequence after,
                                                      Sequence seen) = 0;

  // The oldest dead letters behind `after`, at most `most` of them.
  virtual Result<std::vector<DeadEntry>> dead(DeadId after, std::size_t most) = 0;
  // Null: there is none with this id, or it does not match its checksum.
  virtual Result<BlockPtr> dead_block(DeadId id) = 0;

  // Gives up the next few blocks behind `after`, up to and including those that begin at `through`.
  // What no sink needs any more is gone when it returns, and in the ledger as dropped_purged.
  // Reject: no such flow or sink, or the file was opened for reading only.
  virtual Result<PurgeStep> purge(const PurgeOrder& order, Sequence after, Sequence through) = 0;
};

// Opens the buffer in a directory that no agent is using, for reading only: nothing in the file
// changes, its log stays as a crash may have left it. Holds the lock as long as the object lives.
// Closed: an agent (or another tool) has it; the message names the process. Reject: there is no
// buffer in the directory, or it may not be opened; the message says by whom. Of `options` the
// directory is enough; the routes say what is configured.
Result<std::unique_ptr<InspectableBuffer>> open_stopped_buffer(const SqliteBufferOptions& options);

// The second half of what that checks: success if the caller may open, and change, the buffer
// there.
Status check_buffer_access(const std::string& directory);

}  // namespace sluice
