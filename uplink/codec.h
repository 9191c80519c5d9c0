// From the stored frame to what a destination without zstd reads.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice {

// The content of `frame`, one complete zstd frame that states its content size. Rejects anything
// else, and a stated size above `limit` before memory is taken for it.
Result<std::string> decompress_frame(std::string_view frame, std::size_t limit);

// `text` as one frame with its content size and a checksum. The same text gives the same bytes.
Result<std::string> compress_frame(std::string_view text);

// `text` as one gzip member. The same text always gives the same bytes (no time, no name, no system
// in the header), because a retry must not differ from the first attempt.
Result<std::string> compress_gzip(std::string_view text);

}  // namespace sluice
