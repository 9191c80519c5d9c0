// Brings the blocks of a sink's flows to its transport: at least once, for ever.
#pragma once

#include "core/buffer.h"
#include "core/transport.h"
#include "uplink/delivery_options.h"
#include "uplink/dispatcher_counts.h"
#include "uplink/timekeeper.h"

#include <boost/asio/io_context.hpp>

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
  std::string name;  // of the sink, in logs and under which its quota is stored
  std::vector<DispatcherFeed> feeds;
  DeliveryOptions delivery;
};

class DispatcherWorker;

// Order:   the blocks of one flow arrive in order, except that with live_first fresh ones overtake
//          a backlog; several flows take turns.
// Errors:  whatever the answer, a record is kept until it is confirmed or a dead letter. What
//          concerns the destination pauses the sink; what concerns one block cuts the block, until
//          what is refused is one record.
// Memory:  one block is under way, and at most two of each flow are in hand.
// Threads: runs on the thread of `io`; everything else may be called from any thread.
// Life:    `io` outlives the dispatcher; `buffer` and `state` outlive the thread that runs `io`.
//          After the destructor nothing that the buffer still holds touches `io`.
class Dispatcher {
 public:
  // `time`: null for the real one.
  Dispatcher(boost::asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
             StateStore& state, std::unique_ptr<Transport> transport,
             std::unique_ptr<Timekeeper> time = nullptr);
  ~Dispatcher();  // gives up what is under way
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void start();
  // Starts no new request; what is under way may still be confirmed until the io_context stops.
  // After its answer `io` has no work of this dispatcher left.
  void stop();
  [[nodiscard]] DispatcherCounts counts() const;
  [[nodiscard]] TransportFigures connection() const;

 private:
  std::shared_ptr<DispatcherWorker> worker_;  // Asio's handlers share it
};

}  // namespace sluice
