// CBOR (RFC 8949).
#pragma once

#include "core/decoder.h"

#include <memory>

namespace sluice {

// The payload is one item. Byte strings become base64. Tags say nothing more than what they stand
// before, except that big numbers (tags 2 and 3) are numbers. Integers that have no place in 64
// bits become strings of digits. NaN, infinity, undefined and simple values become null. Keys that
// are not strings become their text. What is malformed, deeper than 64 levels, or followed by more
// is a record with an error and the original bytes.
std::unique_ptr<Decoder> make_cbor_decoder();

}  // namespace sluice
