#define ZLIB_CONST
#include "decoders/decompression.h"

#include "core/c_handle.h"
#include "decoders/original.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

constexpr std::string_view kGzipMagic = "\x1F\x8B";
constexpr std::string_view kZstdMagic = "\x28\xB5\x2F\xFD";
constexpr std::size_t kSmallestOutput = 4UL * 1024;
constexpr std::size_t kKeepBytes = 512UL * 1024;

// What comes out of a decompressor: a buffer that grows up to a limit, and is used again.
class Output {
 public:
  explicit Output(std::size_t limit) : limit_(limit) {}

  void clear() {
    size_ = 0;
    if (buffer_.size() > kKeepBytes) {
      buffer_ = {};
    }
  }

  // Where the next bytes go: one more than the limit, so that what is too large is seen to be.
  char* free_start() { return buffer_.data() + size_; }
  std::size_t free_size() {
    if (size_ + MessageBatch::kPadding >= buffer_.size()) {
      const std::size_t largest = limit_ + 1 + MessageBatch::kPadding;
      buffer_.resize(std::min(std::max(kSmallestOutput, 2 * buffer_.size()), largest));
    }
    return buffer_.size() - MessageBatch::kPadding - size_;
  }
  void add(std::size_t bytes) { size_ += bytes; }

  [[nodiscard]] bool too_large() const { return size_ > limit_; }

  // With padding behind it.
  std::string_view bytes() {
    if (buffer_.empty()) {
      buffer_.resize(kSmallestOutput);
    }
    return {buffer_.data(), size_};
  }

 private:
  std::size_t limit_;
  std::size_t size_ = 0;
  std::vector<char> buffer_;
};

class Gzip {
 public:
  Gzip() = default;
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() {
    if (is_open_) {
      inflateEnd(&stream_);
    }
  }

  // What is wrong with `input`; empty if nothing is.
  std::string_view decompress(std::string_view input, Output& output) {
    constexpr std::string_view kInvalid = "invalid_gzip";
    if (input.empty() || input.size() > std::numeric_limits<uInt>::max()) {
      return kInvalid;
    }
    stream_.next_in = reinterpret_cast<const Bytef*>(input.data());
    stream_.avail_in = static_cast<uInt>(input.size());
    while (stream_.avail_in > 0) {
      if (!start()) {
        return kInvalid;
      }
      const int result = member(output);
      if (output.too_large()) {
        return "too_large";
      }
      if (result != Z_STREAM_END) {
        return kInvalid;
      }
    }
    return {};
  }

 private:
  bool start() {
    constexpr int kWindowBits = 15;
    constexpr int kOnlyGzip = 16;
    if (is_open_) {
      return inflateReset(&stream_) == Z_OK;
    }
    is_open_ = inflateInit2(&stream_, kWindowBits + kOnlyGzip) == Z_OK;
    return is_open_;
  }

  int member(Output& output) {
    int result = Z_OK;
    while (result == Z_OK && !output.too_large()) {
      const std::size_t room =
          std::min<std::size_t>(output.free_size(), std::numeric_limits<uInt>::max());
      stream_.next_out = reinterpret_cast<Bytef*>(output.free_start());
      stream_.avail_out = static_cast<uInt>(room);
      result = inflate(&stream_, Z_NO_FLUSH);
      output.add(room - stream_.avail_out);
    }
    return result;
  }

  z_stream stream_{};
  bool is_open_ = false;
};

class Zstd {
 public:
  // What is wrong with `input`; empty if nothing is.
  std::string_view decompress(std::string_view input, Output& output) {
    constexpr std::string_view kInvalid = "invalid_zstd";
    if (!open() || input.empty()) {
      return kInvalid;
    }
    ZSTD_inBuffer in{input.data(), input.size(), 0};
    std::size_t hint = 1;  // 0: a frame is complete
    bool has_more = true;
    while (has_more) {
      const std::size_t room = output.free_size();
      ZSTD_outBuffer out{output.free_start(), room, 0};
      hint = ZSTD_decompressStream(context_.get(), &out, &in);
      output.add(out.pos);
      if (output.too_large()) {
        return "too_large";
      }
      if (ZSTD_isError(hint) != 0) {
        return kInvalid;
      }
      has_more = in.pos < in.size || (hint != 0 && out.pos == room);
    }
    return hint == 0 ? "" : kInvalid;
  }

 private:
  // A frame may ask for a window of this many bytes at most, or its sender would say how much
  // memory is used here.
  static constexpr int kLargestWindowLog = 23;

  bool open() {
    if (!context_) {
      context_.reset(ZSTD_createDCtx());
    }
    return context_ &&
           ZSTD_isError(ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_and_parameters)) == 0 &&
           ZSTD_isError(
               ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindowLog)) == 0;
  }

  CHandle<ZSTD_DCtx, ZSTD_freeDCtx> context_;
};

class DecompressingDecoder final : public Decoder {
 public:
  DecompressingDecoder(std::unique_ptr<Decoder> inner, Decompression how, std::size_t max_size)
      : inner_(std::move(inner)), how_(how), output_(max_size) {}

  void decode(const Message& message, std::vector<Record>& records) override {
    const Decompression how = how_ == Decompression::Auto ? recognised(message.payload) : how_;
    if (how == Decompression::None || message.full_size != 0) {
      inner_->decode(message, records);
      return;
    }
    output_.clear();
    const std::string_view error = how == Decompression::Gzip
                                       ? gzip_.decompress(message.payload, output_)
                                       : zstd_.decompress(message.payload, output_);
    if (!error.empty()) {
      records.push_back(original_bytes(message, message.payload, error));
      return;
    }
    Message plain = message;
    plain.payload = output_.bytes();
    inner_->decode(plain, records);
  }

  Stateful* state() override { return inner_->state(); }

 private:
  static Decompression recognised(std::string_view payload) {
    if (payload.starts_with(kGzipMagic)) {
      return Decompression::Gzip;
    }
    return payload.starts_with(kZstdMagic) ? Decompression::Zstd : Decompression::None;
  }

  std::unique_ptr<Decoder> inner_;
  Decompression how_;
  Output output_;
  Gzip gzip_;
  Zstd zstd_;
};

}  // namespace

std::unique_ptr<Decoder> make_decompressing_decoder(std::unique_ptr<Decoder> inner,
                                                    Decompression how, std::size_t max_size) {
  return std::make_unique<DecompressingDecoder>(std::move(inner), how, max_size);
}

}  // namespace sluice
