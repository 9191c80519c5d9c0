// Payloads that are one value and stay as they are: JSON, text, bytes.
#pragma once

#include "decoders/decoders.h"

#include <memory>

namespace sluice {

// JSON is taken over byte for byte, except that line breaks between tokens are removed. Not JSON
// for our purposes, and therefore text: more than 64 levels of nesting, an integer of 2^64 or more.
// `kind` is Auto, Json, Text or Binary.
std::unique_ptr<Decoder> make_payload_decoder(DecoderKind kind);

}  // namespace sluice
