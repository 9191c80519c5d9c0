// Lines, templates and sets of sequences: what destinations that take single records work with.
#include "tests/unit/uplink/sending.h"
#include "uplink/record_lines.h"
#include "uplink/record_template.h"
#include "uplink/sequence_ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace sluice::uplink_tests {
namespace {

TEST(RecordLines, AreThoseOfTheBlockHoweverItIsStored) {
  const BlockPtr packed = make_block(7, 20);
  Block plain = *packed;
  plain.codec = Codec::Ndjson;
  plain.data = lines_of(7, 20);
  for (const BlockPtr& block : {packed, BlockPtr(std::make_shared<const Block>(plain))}) {
    const auto text = text_of(block);
    ASSERT_TRUE(text);
    EXPECT_EQ(**text, lines_of(7, 20));
  }
}

TEST(RecordLines, AreTakenOneByOne) {
  std::string_view text = "a\n\nb\nc";
  std::vector<std::string_view> lines;
  for (std::string_view line; next_line(text, line);) {
    lines.push_back(line);
  }
  EXPECT_EQ(lines, (std::vector<std::string_view>{"a", "", "b", "c"}));
}

TEST(RecordLines, SayTheirSequence) {
  EXPECT_EQ(sequence_of(R"({"seq":42,"ts":1})"), Sequence(42));
  EXPECT_EQ(sequence_of(R"({"seq":18446744073709551615})"), Sequence(~std::uint64_t{0}));
  for (const char* line : {"", "{", R"({"seq":)", R"({"seq":42)", R"({"seq":"42"})", R"({"a":42})",
                           R"({"seq":18446744073709551616})", R"({"seq":-1})"}) {
    EXPECT_FALSE(sequence_of(line)) << line;
  }
}

TEST(RecordLines, SayTheirTopicAsTheBrokerKnowsIt) {
  std::string memory;
  EXPECT_EQ(topic_of(R"({"seq":1,"ts":-5,"topic":"a/b","data":{"topic":"no"}})", memory), "a/b");
  EXPECT_EQ(topic_of(R"({"seq":1,"ts":5,"topic":"","v":1})", memory), "");
  EXPECT_EQ(topic_of(R"({"seq":1,"ts":5,"topic":"a\"\\\n\u0001b\u00e4","v":1})", memory),
            "a\"\\\n\x01"
            "b\xc3\xa4");
  EXPECT_EQ(topic_of(R"({"seq":1,"ts":5,"topic":"a\\","v":"\"}")", memory), "a\\");
  for (const char* line : {R"({"seq":1,"ts":5,"data":1})", R"({"seq":1,"ts":5,"topic":"a)",
                           R"({"seq":1,"ts":5,"topic":"a\)", R"({"seq":1,"ts":5,"topic":7})"}) {
    EXPECT_EQ(topic_of(line, memory), "") << line;
  }
}

TEST(RecordTemplates, ReplaceNamesInBraces) {
  const auto made = RecordTemplate::make("x/{agent}/{flow}{topic}.");
  ASSERT_TRUE(made);
  std::string text = "old";
  made->expand({.agent = "a", .flow = "f", .topic = "t/{u}"}, text);
  EXPECT_EQ(text, "x/a/ft/{u}.");
  EXPECT_TRUE(made->uses_topic());
  EXPECT_EQ(made->literals(), "x//.");
  const auto nothing = RecordTemplate::make("");
  EXPECT_TRUE(nothing && nothing->empty());
  for (const char* wrong : {"{", "}", "a{flow", "a}b{flow}", "{site}", "{}", "{{flow}}"}) {
    EXPECT_FALSE(RecordTemplate::make(wrong)) << wrong;
  }
}

TEST(SequenceRanges, AreASet) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  SequenceRanges ranges;
  std::set<std::uint64_t> expected;
  constexpr std::uint64_t kTop = 60;
  for (int step = 0; step < 2000; ++step) {
    const std::uint64_t first = 1 + random() % kTop;
    const std::uint64_t last = first + random() % 8;
    const bool add = random() % 2 == 0;
    add ? ranges.add(Sequence(first), Sequence(last))
        : ranges.remove(Sequence(first), Sequence(last));
    for (std::uint64_t each = first; each <= last; ++each) {
      add ? static_cast<void>(expected.insert(each)) : static_cast<void>(expected.erase(each));
    }
    const std::uint64_t from = 1 + random() % kTop;
    const std::uint64_t to = from + random() % 8;
    const auto inside = std::distance(expected.lower_bound(from), expected.upper_bound(to));
    ASSERT_EQ(ranges.contains(Sequence(from), Sequence(to)),
              static_cast<std::uint64_t>(inside) == to - from + 1);
    ASSERT_EQ(ranges.overlaps(Sequence(from), Sequence(to)), inside > 0);
    ASSERT_EQ(ranges.empty(), expected.empty());
  }
  std::uint64_t end = 0;  // no two ranges touch
  for (const auto& [first, last] : ranges.ranges()) {
    EXPECT_GT(first, end == 0 ? 0 : end + 1);
    end = last;
  }
}

TEST(SequenceRanges, ForgetTheLowestWhenTheyAreTooMany) {
  SequenceRanges ranges(3);
  for (const std::uint64_t each : {10U, 20U, 30U, 40U}) {
    ranges.add(Sequence(each), Sequence(each));
  }
  EXPECT_FALSE(ranges.contains(Sequence(10)));
  EXPECT_TRUE(ranges.contains(Sequence(20)));
  EXPECT_TRUE(ranges.contains(Sequence(40)));
}

}  // namespace
}  // namespace sluice::uplink_tests
