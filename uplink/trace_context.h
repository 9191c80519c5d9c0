// The header traceparent of W3C Trace Context, by which the far side can follow a block through its
// own systems.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace sluice {

// One thread at a time.
class TraceContext {
 public:
  TraceContext() : random_(std::random_device{}()) {}

  // "00-<trace>-<request>-01". A block is one trace, whatever happens to it: the id of the trace is
  // a hash of its idempotency key, the same for every attempt, every sink and after every restart.
  // The id of the request is drawn anew each time.
  std::string parent_of(std::string_view idempotency_key);

 private:
  std::mt19937_64 random_;
};

}  // namespace sluice
