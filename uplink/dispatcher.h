// Brings the blocks of a sink's flows to its transport: in order, at least once, for ever.
#pragma once

#include "core/backoff.h"
#include "core/buffer.h"
#include "core/transport.h"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// One flow that delivers to the sink: its position among all flows, and the sink's among its sinks.
struct DispatcherFeed {
  FlowIndex flow{};
  SinkIndex sink{};
};

struct DispatcherOptions {
  std::string name;  // of the sink, in logs
  std::vector<DispatcherFeed> feeds;
  BackoffOptions retry;
};

// Of one sink since the agent started.
struct DispatcherCounts {
  std::uint64_t blocks = 0;  // confirmed
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;    // of their frames
  std::uint64_t retries = 0;  // attempts that were not confirmed
  std::string last_error;     // of the attempt before the current one; empty after a success
};

// Order:   the blocks of one flow arrive in order; several flows take turns.
// Errors:  whatever the answer, the block is kept until it is confirmed. What concerns the
//          destination pauses the sink; what concerns one block pauses its flow.
// Threads: runs on the thread of `io`; start(), stop() and counts() may be called from any thread.
// Life:    `io` outlives the dispatcher; `buffer` outlives the thread that runs `io`. After the
//          destructor nothing that the buffer still holds touches `io`.
class Dispatcher {
 public:
  Dispatcher(boost::asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
             std::unique_ptr<Transport> transport);
  ~Dispatcher();  // gives up what is under way
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void start();
  // Starts no new request; what is under way may still be confirmed until the io_context stops.
  // After its answer `io` has no work of this dispatcher left.
  void stop();
  [[nodiscard]] DispatcherCounts counts() const;

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;  // Asio's handlers share it
};

}  // namespace sluice
