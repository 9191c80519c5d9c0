#include "buffers/block_edit.h"

#include "core/c_handle.h"

#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice {

namespace {

using CompressionContext = CHandle<ZSTD_CCtx, ZSTD_freeCCtx>;

constexpr std::string_view kBeforeSequence = R"({"seq":)";

Error unreadable(const Block& block) {
  return {Reaction::Reject, "the block that begins with sequence " +
                                std::to_string(number(block.first)) + " cannot be taken apart"};
}

Result<std::string> lines_of(const Block& block) {
  if (block.codec == Codec::Ndjson) {
    return block.data;
  }
  // What the frame says is believed only if the block says the same: it decides how much memory is
  // needed.
  if (ZSTD_getFrameContentSize(block.data.data(), block.data.size()) != block.raw_bytes) {
    return unreadable(block);
  }
  std::string lines(block.raw_bytes, '\0');
  const std::size_t size =
      ZSTD_decompress(lines.data(), lines.size(), block.data.data(), block.data.size());
  if (ZSTD_isError(size) != 0U || size != lines.size()) {
    return unreadable(block);
  }
  return lines;
}

// With the settings of BlockEncoder. The context is not kept: it is large and seldom needed.
void encode(std::string_view lines, int level, Block& block) {
  block.raw_bytes = static_cast<std::uint32_t>(lines.size());
  const CompressionContext context(ZSTD_createCCtx());
  block.data.resize(ZSTD_compressBound(lines.size()));
  std::size_t size = 0;
  if (context != nullptr) {
    static_cast<void>(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
    static_cast<void>(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1));
    size = ZSTD_compress2(context.get(), block.data.data(), block.data.size(), lines.data(),
                          lines.size());
  }
  if (context == nullptr || ZSTD_isError(size) != 0U) {
    block.codec = Codec::Ndjson;  // larger, but nothing is lost
    block.data.assign(lines);
    return;
  }
  block.codec = Codec::ZstdNdjson;
  block.data.resize(size);
  block.data.shrink_to_fit();
}

std::optional<Sequence> sequence_of(std::string_view line) {
  if (!line.starts_with(kBeforeSequence)) {
    return std::nullopt;
  }
  std::uint64_t sequence = 0;
  const char* const begin = line.data() + kBeforeSequence.size();
  const auto [end, error] = std::from_chars(begin, line.data() + line.size(), sequence);
  if (error != std::errc() || end == begin) {
    return std::nullopt;
  }
  return Sequence(sequence);
}

// Each with its line break; the last may be without.
std::vector<std::string_view> cut_into_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return lines;
}

std::uint32_t skipped_between(Sequence first, Sequence last, std::uint32_t count) {
  return static_cast<std::uint32_t>(number(last) - number(first) + 1 - count);
}

// The sequences that the lines tell are those of the block.
bool agrees(const Block& block, const std::vector<std::string_view>& lines) {
  if (lines.size() != block.count || lines.empty() || !lines.back().ends_with('\n')) {
    return false;
  }
  auto expected = block.first;
  for (const std::string_view line : lines) {
    const std::optional<Sequence> sequence = sequence_of(line);
    if (!sequence || *sequence < expected || (block.skipped == 0 && *sequence != expected)) {
      return false;
    }
    expected = advance(*sequence, 1);
  }
  return sequence_of(lines.front()) == block.first && sequence_of(lines.back()) == block.last();
}

}  // namespace

Result<std::pair<Block, Block>> split_block(const Block& block, int compression_level) {
  if (block.count < 2) {
    return Error{Reaction::Reject, "the block has one record only"};
  }
  const Result<std::string> text = lines_of(block);
  if (!text) {
    return text.error();
  }
  const std::vector<std::string_view> lines = cut_into_lines(*text);
  if (lines.size() != block.count) {
    return unreadable(block);
  }
  // The times are those of the whole: what they say about either half is true, if not exact.
  std::pair<Block, Block> halves;
  auto& [left, right] = halves;
  for (Block* half : {&left, &right}) {
    half->flow = block.flow;
    half->min_time = block.min_time;
    half->max_time = block.max_time;
  }
  left.first = block.first;
  left.count = block.count / 2;
  right.first = advance(block.first, left.count);
  right.count = block.count - left.count;
  if (block.skipped != 0) {
    const std::optional<Sequence> before = sequence_of(lines[left.count - 1]);
    const std::optional<Sequence> behind = sequence_of(lines[left.count]);
    if (!before || !behind || *behind <= *before || *behind > block.last() ||
        number(*before) + 1 < number(right.first)) {
      return unreadable(block);
    }
    left.skipped = skipped_between(left.first, *before, left.count);
    right.first = *behind;
    right.skipped = skipped_between(right.first, block.last(), right.count);
  }
  const auto cut = static_cast<std::size_t>(lines[left.count].data() - text->data());
  encode(std::string_view(*text).substr(0, cut), compression_level, left);
  encode(std::string_view(*text).substr(cut), compression_level, right);
  return halves;
}

Result<Block> merge_blocks(const std::vector<BlockPtr>& blocks, int compression_level) {
  Block whole;
  whole.flow = blocks.front()->flow;
  whole.first = blocks.front()->first;
  whole.min_time = blocks.front()->min_time;
  whole.max_time = blocks.front()->max_time;
  std::string text;
  for (const BlockPtr& block : blocks) {
    const Result<std::string> lines = lines_of(*block);
    if (!lines) {
      return lines.error();
    }
    if (!agrees(*block, cut_into_lines(*lines))) {
      return unreadable(*block);
    }
    text += *lines;
    whole.count += block->count;
    whole.min_time = std::min(whole.min_time, block->min_time);
    whole.max_time = std::max(whole.max_time, block->max_time);
  }
  const Sequence last = blocks.back()->last();
  if (number(last) - number(whole.first) >= std::numeric_limits<std::uint32_t>::max()) {
    return Error{Reaction::Reject, "the blocks lie too far apart"};
  }
  whole.skipped = skipped_between(whole.first, last, whole.count);
  encode(text, compression_level, whole);
  return whole;
}

}  // namespace sluice
