#include "tests/support/line_blocks.h"

#include <zstd.h>

#include <chrono>
#include <memory>
#include <sstream>
#include <utility>

namespace sluice::testing_support {

std::string line_of(std::uint64_t sequence, const std::string& text) {
  return R"({"seq":)" + std::to_string(sequence) + R"(,"text":")" + text + "\"}";
}

SealedBlock make_lines(std::size_t flow, std::uint64_t first,
                       const std::vector<std::string>& texts) {
  std::string lines;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    lines += line_of(first + i, texts[i]) + "\n";
  }
  Block block;
  block.flow = FlowIndex(flow);
  block.first = Sequence(first);
  block.count = static_cast<std::uint32_t>(texts.size());
  block.raw_bytes = static_cast<std::uint32_t>(lines.size());
  block.min_time = Timestamp(std::chrono::milliseconds(1'000 + first));
  block.max_time = Timestamp(std::chrono::milliseconds(1'000 + first + texts.size()));
  block.data.resize(ZSTD_compressBound(lines.size()));
  block.data.resize(
      ZSTD_compress(block.data.data(), block.data.size(), lines.data(), lines.size(), 1));
  const std::uint64_t count = block.count;
  return {.block = std::make_shared<const Block>(std::move(block)),
          .counted = {{"received", count}}};
}

std::vector<std::string> lines_of(const Block& block) {
  std::string text = block.data;
  if (block.codec == Codec::ZstdNdjson) {
    text.assign(block.raw_bytes, '\0');
    const std::size_t size =
        ZSTD_decompress(text.data(), text.size(), block.data.data(), block.data.size());
    text.resize(ZSTD_isError(size) != 0U ? 0 : size);
  }
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    lines.push_back(line);
  }
  return lines;
}

}  // namespace sluice::testing_support
