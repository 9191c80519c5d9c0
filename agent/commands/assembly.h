// Puts the agent together from its configuration: which object knows which, on which thread it
// runs, and in which order they stop.
#pragma once

#include "config/config.h"
#include "core/clock.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sluice {

// Sums over the whole agent since it was started.
struct AgentCounts {
  std::uint64_t received = 0;      // messages handed over by sources
  std::uint64_t acknowledged = 0;  // told to brokers
  std::uint64_t redelivered = 0;   // recognised as already here
  std::uint64_t records = 0;       // written into blocks
  std::uint64_t delivered = 0;     // records confirmed, summed over sinks
  std::uint64_t held = 0;          // records in the buffer
  std::string buffer_trouble;      // see BufferCounts::trouble
  std::string buffer_quarantine;   // see BufferCounts::quarantine
  bool buffer_lost_data = false;   // by the damage that `buffer_quarantine` tells of
};

// What a supervisor of the process wants to know.
struct AgentState {
  bool alive = true;           // every thread gets on
  bool collecting = false;     // from every source, into a buffer that stores
  std::string words;           // one line, for a human
  std::string ledger_trouble;  // what the ledgers cannot account for; empty if nothing
};

// One thread at a time.
class Agent {
 public:
  // Opens the buffer and makes every part; nothing runs yet. Errors are those of
  // open_sqlite_buffer() and make_transport().
  static Result<std::unique_ptr<Agent>> make(const Config& config, std::string_view version);
  ~Agent();
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  void start();

  // In the direction of the flow: sources stop reading and wait until what they delivered is
  // settled and acknowledged; intake and uplink finish what they have in hand; the store commits
  // last. Ends within shutdown_timeout; what could not be settled by then was not acknowledged.
  void stop();

  // Takes a sample of the flows, from which their rates are worked out, balances their ledgers and
  // sees whether every thread gets on. To be called once a second.
  AgentState look();

  // True once a source has given up for good; stop() and end the process with an error then.
  [[nodiscard]] bool failed() const;
  [[nodiscard]] AgentCounts counts() const;

 private:
  class Parts;
  explicit Agent(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
