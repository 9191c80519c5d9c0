#include "decoders/decoders.h"

#include "decoders/cbor_decoder.h"
#include "decoders/csv_decoder.h"
#include "decoders/decompression.h"
#include "decoders/logfmt_decoder.h"
#include "decoders/msgpack_decoder.h"
#include "decoders/payload_decoder.h"
#include "decoders/sparkplug_decoder.h"
#include "decoders/struct_decoder.h"

#include <utility>

namespace sluice {
namespace {

std::unique_ptr<Decoder> make_plain_decoder(const DecoderOptions& options,
                                            RebirthRequests* rebirths, const Clock& clock) {
  switch (options.kind) {
    case DecoderKind::Auto:
    case DecoderKind::Json:
    case DecoderKind::Text:
    case DecoderKind::Binary:
      break;
    case DecoderKind::Csv:
      return make_csv_decoder(options.csv);
    case DecoderKind::Logfmt:
      return make_logfmt_decoder();
    case DecoderKind::Msgpack:
      return make_msgpack_decoder();
    case DecoderKind::Cbor:
      return make_cbor_decoder();
    case DecoderKind::SparkplugB:
      return make_sparkplug_decoder(rebirths, clock);
    case DecoderKind::Struct:
      return make_struct_decoder(options.layout);
  }
  return make_payload_decoder(options.kind);
}

}  // namespace

std::unique_ptr<Decoder> make_decoder(const DecoderOptions& options, RebirthRequests* rebirths,
                                      const Clock& clock) {
  std::unique_ptr<Decoder> decoder = make_plain_decoder(options, rebirths, clock);
  if (options.decompress == Decompression::None) {
    return decoder;
  }
  return make_decompressing_decoder(std::move(decoder), options.decompress,
                                    options.max_decompressed_size);
}

std::unique_ptr<Decoder> make_decoder(DecoderKind kind) {
  return make_decoder(DecoderOptions{.kind = kind, .csv = {}, .layout = {}});
}

}  // namespace sluice
