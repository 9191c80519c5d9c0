// Values at fixed places in the payload.
#pragma once

#include "core/decoder.h"
#include "decoders/struct_layout.h"

#include <memory>

namespace sluice {

// One record, or as many as there are if the layout has a size. Integers are exact unless they are
// scaled. A string ends before its first zero byte; bytes become base64; what is not a number
// becomes null. With an error, and as its bytes: a payload, or what is left of it, that is too
// short for a record, and a record with a string that is not UTF-8.
std::unique_ptr<Decoder> make_struct_decoder(StructLayout layout);

}  // namespace sluice
