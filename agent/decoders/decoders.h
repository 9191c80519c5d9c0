// The built-in decoders.
#pragma once

#include "core/decoder.h"

#include <memory>

namespace sluice {

enum class DecoderKind {
  Auto,    // JSON if it is valid JSON, else text if it is valid UTF-8, else binary
  Json,    // like Auto, but what is not JSON carries an error
  Text,    // text if it is valid UTF-8, else binary with an error
  Binary,  // never looked at
};

// JSON is taken over byte for byte, except that line breaks between tokens are removed. Not JSON
// for our purposes, and therefore text: more than 64 levels of nesting, an integer of 2^64 or more.
std::unique_ptr<Decoder> make_decoder(DecoderKind kind);

}  // namespace sluice
