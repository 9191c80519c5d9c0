// The stream of an export, however it is cut, and how people write times.
#include "tools/frames.h"

#include "tests/unit/tools/tool_fixture.h"
#include "tools/text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::block_of_lines;
using testing_support::lines_of;

FrameNote note_of(const Block& block, std::string flow = "f") {
  return {.epoch = 0xFFFF'FFFF'FFFF'FFFF,
          .flow = std::move(flow),
          .first = block.first,
          .last = block.last(),
          .records = block.count,
          .damaged = false};
}

std::string stream() {
  std::string bytes;
  for (std::uint64_t first = 1; first <= 41; first += 10) {
    const BlockPtr block = block_of_lines(0, first, 10).block;
    bytes += *framed(*block, note_of(*block, "\"quoted\" ä"));
  }
  return bytes;
}

TEST(Frames, AreFoundHoweverTheStreamIsCut) {
  const std::string bytes = stream();
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    FrameSplitter frames;
    std::string text;
    std::uniform_int_distribution<std::size_t> size(1, 1 + random() % 200);
    for (std::size_t at = 0; at < bytes.size();) {
      const std::string piece = bytes.substr(at, size(random));
      at += piece.size();
      frames.feed(piece);
      for (auto frame = frames.next(); frame && frame->has_value(); frame = frames.next()) {
        text += *decompressed((*frame)->bytes);
        EXPECT_EQ((*frame)->note.flow, "\"quoted\" ä");
        EXPECT_EQ((*frame)->note.epoch, 0xFFFF'FFFF'FFFF'FFFF);
      }
    }
    EXPECT_EQ(text, lines_of(1, 50));
    EXPECT_EQ(frames.complete_bytes(), bytes.size());
  }
}

TEST(Frames, OfSomethingElseAreRefused) {
  const std::string whole = stream();
  const std::vector<std::string> wrong{"plain text that is not compressed", std::string(100, '\0'),
                                       whole.substr(1),
                                       std::string("\x50\x2A\x4D\x18\xFF\xFF\xFF\x7F", 8),
                                       std::string("\x50\x2A\x4D\x18\x02\x00\x00\x00{}", 10)};
  for (const std::string& bytes : wrong) {
    FrameSplitter frames;
    frames.feed(bytes);
    EXPECT_FALSE(frames.next());
  }
}

TEST(Frames, OfPlainBlocksAreCompressed) {
  Block block = *block_of_lines(0, 1, 3).block;
  block.codec = Codec::Ndjson;
  block.data = lines_of(1, 3);
  FrameSplitter frames;
  frames.feed(*framed(block, note_of(block)));
  const auto frame = frames.next();
  ASSERT_TRUE(frame && frame->has_value());
  EXPECT_EQ(*decompressed((*frame)->bytes), lines_of(1, 3));
}

TEST(Frames, ThatClaimToBeHugeAreNotUnpacked) {
  EXPECT_FALSE(decompressed(std::string("\x28\xB5\x2F\xFD\xC0\0\0\0\0\0\0\0\x10\0", 14)));
  EXPECT_FALSE(decompressed(""));
  EXPECT_FALSE(decompressed("not zstd"));
}

TEST(Lines, OfAMergedBlockTellTheirSequence) {
  const FrameNote merged{
      .epoch = 1, .flow = "f", .first = Sequence(1), .last = Sequence(9), .records = 3};
  EXPECT_EQ(sequence_in("{\"seq\":7,\"x\":1}", merged, 1), Sequence(7));
  EXPECT_EQ(sequence_in("{\"x\":1}", merged, 1), std::nullopt);
  const FrameNote whole{
      .epoch = 1, .flow = "f", .first = Sequence(5), .last = Sequence(7), .records = 3};
  EXPECT_EQ(sequence_in("anything", whole, 1), Sequence(6));
}

TEST(Times, AreWrittenInSeveralWays) {
  const Timestamp now = *parse_time("2026-11-21T12:00:00Z", {});
  EXPECT_EQ(time_text(now), "2026-11-21T12:00:00Z");
  EXPECT_EQ(time_text(*parse_time("2026-11-21", now)), "2026-11-21T00:00:00Z");
  EXPECT_EQ(time_text(*parse_time("2026-11-21 09:15", now)), "2026-11-21T09:15:00Z");
  EXPECT_EQ(time_text(*parse_time("2026-11-21T09:15:02", now)), "2026-11-21T09:15:02Z");
  EXPECT_EQ(time_text(*parse_time("90s", now)), "2026-11-21T11:58:30Z");
  EXPECT_EQ(time_text(*parse_time("15m", now)), "2026-11-21T11:45:00Z");
  EXPECT_EQ(time_text(*parse_time("36h", now)), "2026-11-20T00:00:00Z");
  EXPECT_EQ(time_text(*parse_time("7d", now)), "2026-11-14T12:00:00Z");
  for (const char* wrong :
       {"", "x", "7", "7w", "-7d", "2026", "2026-13-01", "2026-02-30", "2026-11-21T25:00",
        "2026-11-21T09:15:02+01:00", "99999999999d", "21.11.2026"}) {
    EXPECT_FALSE(parse_time(wrong, now)) << wrong;
  }
}

TEST(Sizes, AreWrittenForPeople) {
  EXPECT_EQ(size_in_words(0), "0 B");
  EXPECT_EQ(size_in_words(1023), "1023 B");
  EXPECT_EQ(size_in_words(1536), "1.5 KiB");
  EXPECT_EQ(size_in_words(10ULL << 30U), "10.0 GiB");
  EXPECT_EQ(grouped(1), "1");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace sluice
