// How a Sparkplug edge node is asked to say again what its aliases mean.
#pragma once

#include <string_view>

namespace sluice {

// Used on the thread of the decoder, which asks at most once in kRebirthInterval for each node.
class RebirthRequests {
 public:
  virtual ~RebirthRequests() = default;

  // The message to be published, with QoS 0 and not retained. The views are valid during the call;
  // it must not block. If it is lost, the next message that cannot be understood leads to another.
  virtual void request(std::string_view topic, std::string_view payload) = 0;
};

}  // namespace sluice
