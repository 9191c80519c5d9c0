// The header traceparent of W3C Trace Context, by which the far side can follow a block through its
// own systems.
#pragma once

#include <string>
#include <string_view>

namespace sluice {

// "00-<trace>-<parent>-01". Both ids are a hash of the block's idempotency key, so that every
// attempt to deliver it is the same request, byte for byte: all of them are children of one span,
// which is the delivery.
std::string traceparent_of(std::string_view idempotency_key);

}  // namespace sluice
