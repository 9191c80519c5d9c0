// MessagePack.
#pragma once

#include "core/decoder.h"

#include <memory>

namespace sluice {

// The payload is one value. Strings that are not UTF-8, and bin, become base64; a timestamp becomes
// the seconds since 1970 with all its digits; any other extension {"ext":type,"base64":"…"}. Keys
// that are not strings become their text. NaN and infinity become null. What is malformed, deeper
// than 64 levels, or followed by more is a record with an error and the original bytes.
std::unique_ptr<Decoder> make_msgpack_decoder();

}  // namespace sluice
