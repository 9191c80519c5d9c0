#include "uplink/codec.h"

#include "core/c_handle.h"

#include <zlib.h>
#include <zstd.h>

#include <limits>

namespace sluice {

namespace {

using Deflating = CHandle<z_stream, deflateEnd>;

Error damaged(const std::string& why) {
  return {Reaction::Reject, "cannot decode the stored block: " + why};
}

}  // namespace

Result<std::string> decompress_frame(std::string_view frame, std::size_t limit) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) {
    return damaged("not a zstd frame");
  }
  if (size == ZSTD_CONTENTSIZE_UNKNOWN) {
    return damaged("the frame does not state its content size");
  }
  if (size > limit) {
    return damaged("the frame states " + std::to_string(size) + " bytes of content, more than " +
                   std::to_string(limit));
  }
  // ZSTD_decompress() would go on with a second frame, if the first were smaller than it claims.
  const std::size_t length = ZSTD_findFrameCompressedSize(frame.data(), frame.size());
  if (ZSTD_isError(length) != 0 || length != frame.size()) {
    return damaged("not exactly one complete frame");
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) != 0) {
    return damaged(ZSTD_getErrorName(got));
  }
  if (got != text.size()) {
    return damaged("the frame is shorter than it states");
  }
  return text;
}

Result<std::string> compress_frame(std::string_view text) {
  constexpr int kLevel = 1;
  const CHandle<ZSTD_CCtx, ZSTD_freeCCtx> context(ZSTD_createCCtx());
  if (!context) {
    return Error{Reaction::Retry, "cannot compress: out of memory"};
  }
  // Both settings are known and valid; the content size is stated by default.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), frame.data(), frame.size(), text.data(), text.size());
  if (ZSTD_isError(size) != 0) {
    return Error{Reaction::Retry, std::string("cannot compress: ") + ZSTD_getErrorName(size)};
  }
  frame.resize(size);
  return frame;
}

Result<std::string> compress_gzip(std::string_view text) {
  if (text.size() > std::numeric_limits<uInt>::max() / 2) {
    return Error{Reaction::Reject, "cannot gzip more than 2 GiB in one piece"};
  }
  constexpr int kWindowAndGzip = 15 + 16;
  constexpr int kMemory = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kWindowAndGzip, kMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{Reaction::Retry, "cannot gzip: out of memory"};
  }
  const Deflating end(&stream);
  gz_header header{};
  header.os = 255;  // "unknown", whatever zlib was built for
  deflateSetHeader(&stream, &header);
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  // zlib does not write to its input, but old versions of its interface do not say so.
  stream.next_in = reinterpret_cast<Bytef*>(
      const_cast<char*>(text.data()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    return Error{Reaction::Reject, "cannot gzip: zlib did not come to an end"};
  }
  packed.resize(stream.total_out);
  return packed;
}

}  // namespace sluice
