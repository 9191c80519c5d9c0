// The field side of the agent: where data comes in.
#pragma once

#include "core/ids.h"
#include "core/message.h"
#include "core/result.h"

#include <stop_token>
#include <string>

namespace sluice {

// Where one source delivers; every source has an inlet of its own. Used by the thread of that
// source only, except full(), which any thread may ask.
class Inlet {
 public:
  virtual ~Inlet() = default;

  // Takes over every message of `batch`, gives them the next tickets in order, and leaves the batch
  // empty, with memory to use again. Never blocks and never refuses. Returns the ticket of the last
  // message. The messages are not yet safe: the source must not acknowledge them before settled().
  virtual Ticket deliver(MessageBatch& batch) = 0;

  // True while so many bytes of this source wait to be settled that it must stop reading. The
  // inlet calls Source::resume() when that has changed.
  [[nodiscard]] virtual bool full() const = 0;

  // Asks that everything delivered so far be settled as soon as possible rather than at the next
  // regular tick: the source owes acknowledgements and its sender has gone quiet.
  virtual void flush() = 0;
};

// Counts of one source since the agent started.
struct SourceCounts {
  std::uint64_t messages = 0;      // handed to the inlet
  std::uint64_t acknowledged = 0;  // acknowledgements sent
  std::uint64_t redelivered = 0;   // arrived again, were stored already, not handed over again
  std::uint64_t oversize = 0;      // larger than allowed: skipped, acknowledged
  std::uint64_t connects = 0;      // sessions established
  // Rises when the thread of the source gets to its work: as long as it gets on at all, at the
  // latest after resume(), needed or not.
  std::uint64_t turns = 0;
  bool connected = false;
};

class Source {
 public:
  virtual ~Source() = default;

  // Delivers until `stop` is requested, on a thread of its own. Reconnecting is the source's own
  // business; it returns an error only for what can never succeed. After a stop request it reads
  // nothing more, waits until what it delivered is settled (at most its drain time), acknowledges
  // that, and returns. `inlet` outlives the call.
  virtual Status run(Inlet& inlet, std::stop_token stop) = 0;

  // Every message up to and including `last` is safe and may be acknowledged. Called in rising
  // order, from any thread, also before and after run(). Never blocks.
  virtual void settled(Ticket last) = 0;

  // The inlet has room again, or somebody wants to see that the source gets on. From any thread.
  // Never blocks.
  virtual void resume() = 0;

  // What the source must find again after a crash if everything up to `last` is stored by then, as
  // bytes that only it understands; empty if nothing. Stored in the same transaction as the
  // messages, and handed back when the source is made. From any thread.
  [[nodiscard]] virtual std::string state_at(Ticket last) const = 0;

  // From any thread.
  [[nodiscard]] virtual SourceCounts counts() const = 0;
};

}  // namespace sluice
