// How a message that never became a line is put through its flow once more.
#pragma once

#include "core/clock.h"
#include "core/result.h"

#include <functional>
#include <string>

namespace sluice {

// As it came from its source.
struct RetriedInput {
  std::string flow;
  std::string topic;
  Timestamp time;
  std::string payload;
};

// Implemented by a running agent.
class InputRetry {
 public:
  virtual ~InputRetry() = default;

  // Hands the message to the decoder and the transforms that the flow has now. `settled` is called
  // once, on any thread: success when everything that came of it is settled, new dead letters as
  // well; Reject if the flow is not configured; Closed if the agent is stopping. Called on the
  // store thread; must only hand over.
  virtual void retry(RetriedInput input, std::function<void(Status)> settled) = 0;
};

}  // namespace sluice
