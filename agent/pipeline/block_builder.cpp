#include "pipeline/block_builder.h"

#include "core/c_handle.h"

#include <zstd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kBeforeSequence = R"({"seq":)";
constexpr std::size_t kMostDigits = 20;

using CompressionContext = CHandle<ZSTD_CCtx, ZSTD_freeCCtx>;

CompressionContext make_context(int level) {
  CompressionContext context(ZSTD_createCCtx());
  if (context == nullptr) {
    throw std::bad_alloc();
  }
  // Neither can fail: the parameters exist, and the level is clamped. The content size is always
  // written by ZSTD_compress2().
  static_cast<void>(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
  static_cast<void>(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
  return context;
}

std::size_t digits_of(std::uint64_t number) {
  std::size_t digits = 1;
  for (; number >= 10; number /= 10) {
    ++digits;
  }
  return digits;
}

// How many digits the `count` numbers from `first` on have together.
std::size_t digits_of_run(std::uint64_t first, std::size_t count) {
  const std::size_t digits = digits_of(first);
  if (digits_of(first + count - 1) == digits) {
    return count * digits;
  }
  std::size_t total = 0;
  for (std::size_t i = 0; i < count; ++i) {
    total += digits_of(first + i);
  }
  return total;
}

char* put(std::string_view text, char* out) {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

}  // namespace

// Bytes whose first contents do not matter: a string would fill them with zeros each time.
class BlockEncoder::Buffer {
 public:
  char* need(std::size_t size) {
    if (size > capacity_) {
      bytes_.reset(new char[size]);
      capacity_ = size;
    }
    return bytes_.get();
  }

  // An unusually large block does not keep its memory.
  void shrink(std::size_t limit) {
    if (capacity_ > limit) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

 private:
  std::unique_ptr<char[]> bytes_;  // NOLINT(modernize-avoid-c-arrays): see above
  std::size_t capacity_ = 0;
};

struct BlockEncoder::Context {
  CompressionContext zstd;
  Buffer raw;
  Buffer compressed;
};

BlockEncoder::BlockEncoder(int compression_level, std::size_t block_size)
    : block_size_(block_size), context_(std::make_unique<Context>()) {
  context_->zstd = make_context(compression_level);
}

BlockEncoder::~BlockEncoder() = default;

std::size_t BlockEncoder::raw_size(Sequence first, std::size_t count, std::size_t text_size) {
  return text_size + count * kBeforeSequence.size() + digits_of_run(number(first), count);
}

Block BlockEncoder::encode(FlowIndex flow, Sequence first, std::string_view text,
                           std::span<const LineMark> marks) {
  Block block;
  block.flow = flow;
  block.first = first;
  block.count = static_cast<std::uint32_t>(marks.size());
  block.min_time = marks.front().time;
  block.max_time = marks.front().time;

  const std::size_t raw_bytes = raw_size(first, marks.size(), marks.back().end);
  block.raw_bytes = static_cast<std::uint32_t>(raw_bytes);
  char* const raw = context_->raw.need(raw_bytes);
  char* out = raw;
  std::size_t start = 0;
  std::uint64_t sequence = number(first);
  for (const LineMark& mark : marks) {
    out = put(kBeforeSequence, out);
    out = std::to_chars(out, out + kMostDigits, sequence++).ptr;
    out = put(text.substr(start, mark.end - start), out);
    start = mark.end;
    block.min_time = std::min(block.min_time, mark.time);
    block.max_time = std::max(block.max_time, mark.time);
  }

  const std::size_t bound = ZSTD_compressBound(raw_bytes);
  char* const compressed = context_->compressed.need(bound);
  const std::size_t size = ZSTD_compress2(context_->zstd.get(), compressed, bound, raw, raw_bytes);
  if (ZSTD_isError(size) != 0U) {
    block.codec = Codec::Ndjson;  // larger, but nothing is lost
    block.data.assign(raw, raw_bytes);
  } else {
    block.data.assign(compressed, size);
  }
  context_->raw.shrink(2 * block_size_);
  context_->compressed.shrink(2 * block_size_);
  return block;
}

std::string BlockEncoder::take_spare() {
  return std::exchange(spare_, {});
}

void BlockEncoder::keep_spare(std::string text) {
  if (text.capacity() <= 2 * block_size_) {
    text.clear();
    spare_ = std::move(text);
  }
}

bool BlockBuilder::full(Sequence first) const {
  const std::size_t at_most = text_.size() + marks_.size() * (kBeforeSequence.size() + kMostDigits);
  if (at_most < encoder_.block_size()) {
    return false;
  }
  return !empty() &&
         BlockEncoder::raw_size(first, marks_.size(), text_.size()) >= encoder_.block_size();
}

// Counted from the end, because normally the last line is the one too many.
std::size_t BlockBuilder::count_that_fits(Sequence first) const {
  std::size_t count = marks_.size();
  while (count > 1 &&
         BlockEncoder::raw_size(first, count, marks_[count - 1].end) > encoder_.block_size()) {
    --count;
  }
  return count;
}

Block BlockBuilder::seal(Sequence first) {
  const std::size_t count = count_that_fits(first);
  Block block = encoder_.encode(flow_, first, text_, std::span(marks_).first(count));
  remove_front(count);
  return block;
}

Block BlockBuilder::seal_all(Sequence first) {
  Block block = encoder_.encode(flow_, first, text_, marks_);
  remove_front(marks_.size());
  return block;
}

void BlockBuilder::remove_front(std::size_t count) {
  if (count == marks_.size()) {
    marks_.clear();
    encoder_.keep_spare(std::exchange(text_, {}));
    return;
  }
  const std::size_t removed = marks_[count - 1].end;
  text_.erase(0, removed);
  marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(count));
  for (LineMark& mark : marks_) {
    mark.end -= removed;
  }
}

}  // namespace sluice
