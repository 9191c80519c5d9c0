// Payloads that were compressed by their sender.
#pragma once

#include "decoders/decoders.h"

#include <memory>

namespace sluice {

// Decompresses every payload and gives it to `inner`, as if it had arrived like that. gzip: one
// member or several; zstd: one frame or several. What is damaged, incomplete, or would become
// larger than `max_size` is a record with an error and the original bytes; no more than `max_size`
// is ever produced for it. `how` is not None.
std::unique_ptr<Decoder> make_decompressing_decoder(std::unique_ptr<Decoder> inner,
                                                    Decompression how, std::size_t max_size);

}  // namespace sluice
