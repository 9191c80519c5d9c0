// Undoes the Content-Encoding of a request as strictly as a receiver should.
#pragma once

#include "core/result.h"

#include <cstddef>
#include <string>

namespace sluice::lab {

// Largest decoded body. A block is far below; whatever is above is an attack or a fault.
inline constexpr std::size_t kMostDecodedBytes = 256UL * 1024 * 1024;

// `encoding` is zstd, gzip, identity or empty. Rejects a damaged or cut body, bytes behind the end
// of the compressed data (a second zstd frame above all), and more than kMostDecodedBytes.
Result<std::string> decode_body(const std::string& encoding, const std::string& body);

// Whether decode_body() knows the encoding at all.
bool knows_encoding(const std::string& encoding);

}  // namespace sluice::lab
