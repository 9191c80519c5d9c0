#include "uplink/codec.h"

#include "core/c_handle.h"
#include "tests/lab/receiver_body.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

namespace sluice {
namespace {

constexpr std::size_t kLimit = 1024UL * 1024;

std::string frame_of(const std::string& text) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 1));
  return frame;
}

// Lines that compress a little, like real ones.
std::string sample(std::size_t lines) {
  std::mt19937 random(lines);
  std::string text;
  for (std::size_t i = 0; i < lines; ++i) {
    text += "{\"seq\":" + std::to_string(i) + ",\"data\":" + std::to_string(random()) + "}\n";
  }
  return text;
}

TEST(ZstdFrame, GivesBackWhatWasCompressed) {
  for (const std::size_t lines : {0UL, 1UL, 1000UL}) {
    const std::string text = sample(lines);
    const auto decoded = decompress_frame(frame_of(text), kLimit);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, text);
  }
}

TEST(ZstdFrame, IsRejectedIfItClaimsMoreThanTheLimit) {
  const std::string text = sample(100);
  EXPECT_TRUE(decompress_frame(frame_of(text), text.size()));
  const auto decoded = decompress_frame(frame_of(text), text.size() - 1);
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().reaction, Reaction::Reject);
}

TEST(ZstdFrame, IsRejectedAtEveryTruncation) {
  const std::string frame = frame_of(sample(20));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_FALSE(decompress_frame(std::string_view(frame).substr(0, size), kLimit)) << size;
  }
}

TEST(ZstdFrame, IsRejectedIfAnythingFollowsIt) {
  const std::string frame = frame_of("x\n");
  EXPECT_FALSE(decompress_frame(frame + 'x', kLimit));
  EXPECT_FALSE(decompress_frame(frame + frame, kLimit));
}

TEST(ZstdFrame, IsRejectedWithoutAContentSize) {
  const CHandle<ZSTD_CCtx, ZSTD_freeCCtx> context(ZSTD_createCCtx());
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  std::string frame(200, '\0');
  frame.resize(ZSTD_compress2(context.get(), frame.data(), frame.size(), "hello", 5));
  EXPECT_FALSE(decompress_frame(frame, kLimit));
}

TEST(Gzip, IsReadByAnyReceiver) {
  for (const std::size_t lines : {0UL, 1UL, 1000UL}) {
    const std::string text = sample(lines);
    const auto packed = compress_gzip(text);
    ASSERT_TRUE(packed);
    const auto decoded = lab::decode_body("gzip", *packed);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, text);
  }
}

TEST(Gzip, HasAHeaderThatDependsOnNothing) {
  const auto packed = compress_gzip("x\n");
  ASSERT_TRUE(packed);
  // Magic, deflate, no flags, no time, no hints, system unknown.
  EXPECT_EQ(packed->substr(0, 10), std::string("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10));
}

}  // namespace
}  // namespace sluice
