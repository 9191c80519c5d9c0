// Looks into blocks as somebody who receives them would.
#pragma once

#include "core/block.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// The raw bytes of a block, after checking what it says about them.
inline std::string unpack(const Block& block) {
  EXPECT_EQ(block.codec, Codec::ZstdNdjson);
  EXPECT_EQ(ZSTD_getFrameContentSize(block.data.data(), block.data.size()), block.raw_bytes);
  EXPECT_EQ(ZSTD_findFrameCompressedSize(block.data.data(), block.data.size()), block.data.size());
  constexpr unsigned kChecksumFlag = 0x04;  // in the frame header descriptor, RFC 8878, 3.1.1.1.1
  EXPECT_NE(static_cast<unsigned char>(block.data.at(4)) & kChecksumFlag, 0U);
  std::string raw(block.raw_bytes, '\0');
  const std::size_t size =
      ZSTD_decompress(raw.data(), raw.size(), block.data.data(), block.data.size());
  EXPECT_EQ(size, raw.size()) << ZSTD_getErrorName(size);
  return raw;
}

inline std::vector<std::string> lines_of(std::string_view raw) {
  std::vector<std::string> lines;
  while (!raw.empty()) {
    const std::size_t end = raw.find('\n');
    EXPECT_NE(end, std::string_view::npos) << "no line break at the end of " << raw;
    lines.emplace_back(raw.substr(0, end));
    raw.remove_prefix(std::min(raw.size(), lines.back().size() + 1));
  }
  return lines;
}

// Their sequences are those that the block claims to have.
inline std::vector<std::string> lines_of(const Block& block) {
  std::vector<std::string> lines = lines_of(unpack(block));
  EXPECT_EQ(lines.size(), block.count);
  std::uint64_t sequence = number(block.first);
  for (const std::string& line : lines) {
    const std::string start = "{\"seq\":" + std::to_string(sequence++) + ",\"ts\":";
    EXPECT_EQ(line.substr(0, start.size()), start);
  }
  return lines;
}

}  // namespace sluice
