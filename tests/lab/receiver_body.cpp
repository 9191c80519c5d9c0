#include "tests/lab/receiver_body.h"

#include "core/c_handle.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace sluice::lab {

namespace {

Error undecodable(const std::string& why) {
  return {Reaction::Reject, why};
}

Result<std::string> decode_zstd(const std::string& body) {
  const std::size_t frame = ZSTD_findFrameCompressedSize(body.data(), body.size());
  if (ZSTD_isError(frame) != 0) {
    return undecodable(std::string("not a zstd frame: ") + ZSTD_getErrorName(frame));
  }
  if (frame != body.size()) {
    return undecodable("bytes behind the zstd frame");
  }
  const unsigned long long size = ZSTD_getFrameContentSize(body.data(), body.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    return undecodable("the zstd frame does not state its content size");
  }
  if (size > kMostDecodedBytes) {
    return undecodable("the zstd frame states a content size beyond all reason");
  }
  std::string text(size, '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), body.data(), body.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return undecodable("the zstd frame is damaged");
  }
  return text;
}

Result<std::string> decode_gzip(const std::string& body) {
  z_stream stream{};
  constexpr int kGzipOnly = 15 + 16;
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) {
    return undecodable("zlib is out of memory");
  }
  const CHandle<z_stream, inflateEnd> end(&stream);
  std::string text(std::max<std::size_t>(body.size() * 8, 4096), '\0');
  // zlib does not write to its input.
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  for (;;) {
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + stream.total_out);
    stream.avail_out = static_cast<uInt>(text.size() - stream.total_out);
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      break;
    }
    if (code != Z_OK || (stream.avail_in == 0 && stream.avail_out > 0)) {
      return undecodable("the gzip data is damaged or cut off");
    }
    if (text.size() >= kMostDecodedBytes) {
      return undecodable("the gzip data grows beyond all reason");
    }
    text.resize(text.size() * 2);
  }
  if (stream.avail_in > 0) {
    return undecodable("bytes behind the gzip data");
  }
  text.resize(stream.total_out);
  return text;
}

}  // namespace

bool knows_encoding(const std::string& encoding) {
  return encoding.empty() || encoding == "identity" || encoding == "zstd" || encoding == "gzip";
}

Result<std::string> decode_body(const std::string& encoding, const std::string& body) {
  if (!knows_encoding(encoding)) {
    return undecodable("unknown Content-Encoding " + encoding);
  }
  if (encoding == "zstd") {
    return decode_zstd(body);
  }
  if (encoding == "gzip") {
    return decode_gzip(body);
  }
  return body;
}

}  // namespace sluice::lab
