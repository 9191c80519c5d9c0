// The built-in decoders.
#pragma once

#include "core/clock.h"
#include "core/decoder.h"
#include "decoders/rebirth.h"
#include "decoders/struct_layout.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

enum class DecoderKind {
  Auto,        // JSON if it is valid JSON, else text if it is valid UTF-8, else binary
  Json,        // like Auto, but what is not JSON carries an error
  Text,        // text if it is valid UTF-8, else binary with an error
  Binary,      // never looked at
  Csv,         // one record for each line, with the names of the columns
  Logfmt,      // one record for each line of key=value
  Msgpack,     // one value
  Cbor,        // one value (RFC 8949)
  SparkplugB,  // what the topics spBv1.0/# and STATE/# carry
  Struct,      // bytes at fixed places
};

enum class Decompression {
  None,
  Gzip,  // every payload is
  Zstd,  // every payload is
  Auto,  // what begins like one of the two is
};

struct CsvOptions {
  char delimiter = ',';
  std::vector<std::string> header;  // empty: the first line of each payload
};

struct DecoderOptions {
  DecoderKind kind = DecoderKind::Auto;
  Decompression decompress = Decompression::None;
  std::size_t max_decompressed_size = 1024UL * 1024;  // more is refused: an error, original bytes
  CsvOptions csv;                                     // of these, the one of its kind counts
  StructLayout layout;
};

// Messages that were cut off are never read, whatever the kind: they are text or binary with the
// error `oversize`. `rebirths` is asked for what a Sparkplug edge node should say again; it and
// `clock` outlive the decoder.
std::unique_ptr<Decoder> make_decoder(const DecoderOptions& options,
                                      RebirthRequests* rebirths = nullptr,
                                      const Clock& clock = system_clock());

// For a kind without options.
std::unique_ptr<Decoder> make_decoder(DecoderKind kind);

}  // namespace sluice
