// The durable store between the field side and the cloud side, as each of them sees it.
#pragma once

#include "core/block.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The field side. Any thread.
class BlockWriter {
 public:
  virtual ~BlockWriter() = default;

  // Takes over the block. Never blocks, never fails: what the disk cannot take yet waits in memory
  // and is tried again until it can, so the caller must bound what it has submitted and is not yet
  // settled (see BufferListener). Blocks of one flow are stored in the order of their submission.
  virtual void submit(SealedBlock block) = 0;

  // A source is waiting for what has been submitted to be settled: commits it at once instead of at
  // the next tick, unless the buffer expects that delivering it will settle it soon.
  virtual void flush() = 0;
};

// Told by the buffer what has become of submitted blocks. Called on the store thread; must not
// block.
class BufferListener {
 public:
  virtual ~BufferListener() = default;

  // The buffer answers for the block that starts at `first`: it is on disk and survives what the
  // buffer's durability promises, or every sink has confirmed it, or the flow's policy has dropped
  // it.
  virtual void settled(Sequence first) = 0;
};

// Called once, on the store thread; must only hand over. Closed: the buffer is stopping.
using FetchHandler = std::function<void(Result<BlockPtr>)>;
using SplitHandler = std::function<void(Status)>;

// The cloud side. Any thread.
//
// What a sink has confirmed is a set of ranges, so that fresh blocks may go ahead of a backlog. A
// range begins after the sequence that was given to fetch(): as fetch() hands out the oldest block
// behind it, nothing can have been left out in between. Confirm each block by itself, with what it
// was fetched with.
//
// A block that has been handed out keeps its bytes, over crashes too, until split() is called for
// it: a retry is the same request. Blocks that nobody has been handed out yet may be put together,
// so a sequence that was the first of a block may later lie within one.
//
// A split is for all sinks. One that has the whole block in its hands may go on sending that until
// it is confirmed, which confirms both halves; only if the agent crashes before is it handed out
// the halves instead.
class BlockReader {
 public:
  virtual ~BlockReader() = default;

  // Asks for the oldest block of `flow` that begins after sequence `after` and that `sink` has not
  // confirmed. `then` is called as soon as there is one, which may be at once or in a week. At most
  // one request for each (flow, sink, after == 0 or not) may be open. A block that does not match
  // its checksum is never handed out: it is set aside and counted.
  virtual void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) = 0;

  // `sink` has every record of `flow` after `after` up to and including `last`, and will not ask
  // for them again. When every sink of the flow has confirmed a block, it is forgotten. Reaches the
  // disk with the next tick: after a crash, what was confirmed in the last moment may be handed out
  // again.
  virtual void confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) = 0;

  // Cuts the block that begins at `first` in two at a record boundary near its middle. `then` is
  // told when that is on disk: from then on the halves are handed out in its place, now and after
  // any crash. Reject: it has one record only, or is not held any more.
  virtual void split(FlowIndex flow, Sequence first, SplitHandler then) = 0;

  // Like confirm() of a block with one record that the destination will never take: a copy of it is
  // kept among the dead letters, in the same transaction. Who puts it back from there makes it
  // unconfirmed again for this sink; it is then the oldest, and found by fetch() after 0.
  virtual void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
                    DeadLetter why) = 0;

  // Where the newest block of `flow` that can be fetched begins; 0 if there has never been one.
  // What is fetched after it is fresh.
  [[nodiscard]] virtual Sequence newest(FlowIndex flow) const = 0;
};

// Small values that survive a restart, by key. Any thread.
class StateStore {
 public:
  virtual ~StateStore() = default;

  // What was stored under `key` when the agent started, or put since.
  [[nodiscard]] virtual std::optional<std::string> load(std::string_view key) const = 0;

  // On disk with the next tick.
  virtual void put(StateRow row) = 0;
};

}  // namespace sluice
