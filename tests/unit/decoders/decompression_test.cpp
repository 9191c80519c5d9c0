#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using Records = std::vector<Decoded>;

std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("no deflate");
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  std::string in(text);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
    throw std::runtime_error("no end");
  }
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string gzip(std::string_view text) {
  return deflated(text, 15 + 16);
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// With a window of 2^`log` bytes, as if much more were to follow.
std::string zstd_with_window(std::string_view text, int log) {
  std::string out(1024, '\0');
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, log);
  ZSTD_inBuffer input{text.data(), text.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush);
  ZSTD_compressStream2(context, &output, &input, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  out.resize(output.pos);
  return out;
}

std::unique_ptr<Decoder> decoder_of(Decompression how, std::size_t most = 1024UL * 1024,
                                    DecoderKind kind = DecoderKind::Json) {
  return make_decoder(
      {.kind = kind, .decompress = how, .max_decompressed_size = most, .csv = {}, .layout = {}});
}

Records decode(Decompression how, std::string_view payload, std::size_t most = 1024UL * 1024) {
  return decode_all(*decoder_of(how, most), payload);
}

TEST(Decompression, GivesTheDecoderWhatWasCompressed) {
  const std::string_view text = R"({"a": [1, "x"]})";
  EXPECT_EQ(decode(Decompression::Gzip, gzip(text)), Records{json(std::string(text))});
  EXPECT_EQ(decode(Decompression::Zstd, zstd(text)), Records{json(std::string(text))});
}

TEST(Decompression, RecognisesWhatItIs) {
  const auto decoder = decoder_of(Decompression::Auto);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(decode_all(*decoder, gzip("[1]")), Records{json("[1]")});
    EXPECT_EQ(decode_all(*decoder, zstd("[2]")), Records{json("[2]")});
    EXPECT_EQ(decode_all(*decoder, "[3]"), Records{json("[3]")});
  }
}

TEST(Decompression, ReadsSeveralMembersAndFrames) {
  EXPECT_EQ(decode(Decompression::Gzip, gzip("[1,") + gzip("2]")), Records{json("[1,2]")});
  EXPECT_EQ(decode(Decompression::Zstd, zstd("[1,") + zstd("2]")), Records{json("[1,2]")});
}

TEST(Decompression, ReadsWhatIsLargerThanItsFirstBuffer) {
  std::string text = "[0";
  for (int i = 1; i < 50'000; ++i) {
    text += ',' + std::to_string(i);
  }
  text += ']';
  EXPECT_EQ(decode(Decompression::Gzip, gzip(text)), Records{json(text)});
  EXPECT_EQ(decode(Decompression::Zstd, zstd(text)), Records{json(text)});
}

TEST(Decompression, KeepsEveryBeginningOfACompressedPayload) {
  const std::array<std::string, 2> packed = {gzip("{\"a\":1}"), zstd("{\"a\":1}")};
  for (const bool is_zstd : {false, true}) {
    const std::string& whole = packed.at(is_zstd ? 1 : 0);
    const auto decoder = decoder_of(is_zstd ? Decompression::Zstd : Decompression::Gzip);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string part = whole.substr(0, size);
      EXPECT_EQ(decode_all(*decoder, part),
                Records{binary(part, is_zstd ? "invalid_zstd" : "invalid_gzip")});
    }
    EXPECT_EQ(decode_all(*decoder, whole), Records{json("{\"a\":1}")});
  }
}

TEST(Decompression, KeepsWhatIsNotCompressed) {
  EXPECT_EQ(decode(Decompression::Gzip, "{}"), Records{binary("{}", "invalid_gzip")});
  EXPECT_EQ(decode(Decompression::Zstd, "{}"), Records{binary("{}", "invalid_zstd")});
  const std::string zlib = deflated("{}", 15);
  EXPECT_EQ(decode(Decompression::Gzip, zlib), Records{binary(zlib, "invalid_gzip")});
  const std::string more = gzip("{}") + "more";
  EXPECT_EQ(decode(Decompression::Gzip, more), Records{binary(more, "invalid_gzip")});
}

TEST(Decompression, RefusesMoreThanIsAllowedAndNotLess) {
  const std::string text = '"' + std::string(9'998, 'x') + '"';
  for (const bool is_zstd : {false, true}) {
    const Decompression how = is_zstd ? Decompression::Zstd : Decompression::Gzip;
    const std::string packed = is_zstd ? zstd(text) : gzip(text);
    EXPECT_EQ(decode(how, packed, text.size()), Records{json(text)});
    EXPECT_EQ(decode(how, packed, text.size() - 1), Records{binary(packed, "too_large")});
  }
}

TEST(Decompression, RefusesABombAndReadsTheNextMessage) {
  const std::string zeros(100UL * 1024 * 1024, '0');
  for (const bool is_zstd : {false, true}) {
    const std::string bomb = is_zstd ? zstd(zeros) : gzip(zeros);
    const auto decoder = decoder_of(is_zstd ? Decompression::Zstd : Decompression::Gzip);
    EXPECT_EQ(decode_all(*decoder, bomb), Records{binary(bomb, "too_large")});
    EXPECT_EQ(decode_all(*decoder, is_zstd ? zstd("[]") : gzip("[]")), Records{json("[]")});
  }
}

TEST(Decompression, RefusesAFrameThatAsksForMuchMemory) {
  EXPECT_EQ(decode(Decompression::Zstd, zstd_with_window("[1]", 23)), Records{json("[1]")});
  const std::string greedy = zstd_with_window("[1]", 24);
  EXPECT_EQ(decode(Decompression::Zstd, greedy), Records{binary(greedy, "invalid_zstd")});
}

TEST(Decompression, DoesNotReadWhatWasCutOff) {
  const auto decoder = decoder_of(Decompression::Gzip);
  const std::string packed = gzip("{}");
  EXPECT_EQ(decode_all(*decoder, packed, 100), Records{binary(packed, "oversize")});
}

TEST(Decompression, PassesOnTheStateOfTheDecoder) {
  EXPECT_EQ(decoder_of(Decompression::Auto)->state(), nullptr);
  EXPECT_NE(decoder_of(Decompression::Auto, 1024, DecoderKind::SparkplugB)->state(), nullptr);
}

}  // namespace
}  // namespace sluice
