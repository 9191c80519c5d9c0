#include "tests/lab/ranges.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <set>

namespace sluice::lab {
namespace {

using Spans = std::map<std::uint64_t, std::uint64_t>;

Ranges of(std::initializer_list<std::pair<std::uint64_t, std::uint64_t>> spans) {
  Ranges ranges;
  for (const auto& [first, last] : spans) {
    ranges.insert(first, last);
  }
  return ranges;
}

TEST(Ranges, KeepConsecutiveNumbersAsOneSpan) {
  Ranges ranges;
  for (std::uint64_t n = 0; n < 1000; ++n) {
    EXPECT_TRUE(ranges.insert(n));
  }
  EXPECT_EQ(ranges.spans(), (Spans{{0, 999}}));
  EXPECT_EQ(ranges.size(), 1000U);
}

TEST(Ranges, ReportANumberThatIsThereAlready) {
  Ranges ranges = of({{3, 5}});
  EXPECT_FALSE(ranges.insert(4));
  EXPECT_EQ(ranges.size(), 3U);
}

TEST(Ranges, JoinWhenTheNumberBetweenThemArrives) {
  Ranges ranges = of({{0, 4}, {6, 9}});
  EXPECT_EQ(ranges.gaps(), 1U);
  EXPECT_TRUE(ranges.insert(5));
  EXPECT_EQ(ranges.spans(), (Spans{{0, 9}}));
  EXPECT_EQ(ranges.gaps(), 0U);
}

TEST(Ranges, SwallowTheSpansThatALongerOneCovers) {
  Ranges ranges = of({{2, 3}, {5, 6}, {20, 30}});
  ranges.insert(4, 19);
  EXPECT_EQ(ranges.spans(), (Spans{{2, 30}}));
  EXPECT_EQ(ranges.size(), 29U);
}

TEST(Ranges, HoldTheLargestNumber) {
  constexpr auto kLast = std::numeric_limits<std::uint64_t>::max();
  Ranges ranges = of({{0, 0}, {kLast, kLast}});
  EXPECT_FALSE(ranges.insert(kLast));
  ranges.insert(kLast - 1);
  EXPECT_EQ(ranges.spans(), (Spans{{0, 0}, {kLast - 1, kLast}}));
}

TEST(Ranges, FindTheNextNumberThatIsMissing) {
  const Ranges ranges = of({{1, 5}, {8, 9}});
  EXPECT_EQ(ranges.next_missing(0), 0U);
  EXPECT_EQ(ranges.next_missing(1), 6U);
  EXPECT_EQ(ranges.next_missing(5), 6U);
  EXPECT_EQ(ranges.next_missing(7), 7U);
  EXPECT_EQ(ranges.next_missing(8), 10U);
  EXPECT_EQ(ranges.next_missing(20), 20U);
  EXPECT_EQ(Ranges().next_missing(3), 3U);
}

TEST(Ranges, DifferInWhatOnlyTheFirstHas) {
  EXPECT_EQ(difference(of({{0, 9}}), of({{3, 4}, {7, 7}})), of({{0, 2}, {5, 6}, {8, 9}}));
  EXPECT_EQ(difference(of({{5, 9}}), of({{0, 5}, {9, 20}})), of({{6, 8}}));
  EXPECT_EQ(difference(of({{0, 9}}), of({{0, 9}})), Ranges());
  EXPECT_EQ(difference(of({{0, 9}}), Ranges()), of({{0, 9}}));
}

TEST(Ranges, AgreeWithASetOfNumbers) {
  constexpr unsigned kSeed = 20261;
  SCOPED_TRACE(kSeed);
  std::mt19937 random(kSeed);
  Ranges left;
  Ranges right;
  std::set<std::uint64_t> left_set;
  std::set<std::uint64_t> right_set;
  for (int i = 0; i < 300; ++i) {
    const std::uint64_t n = random() % 400;
    EXPECT_EQ(left.insert(n), left_set.insert(n).second);
    const std::uint64_t first = random() % 400;
    const std::uint64_t last = first + random() % 4;
    right.insert(first, last);
    for (std::uint64_t each = first; each <= last; ++each) {
      right_set.insert(each);
    }
  }
  const Ranges rest = difference(left, right);
  EXPECT_EQ(left.size(), left_set.size());
  EXPECT_EQ(right.size(), right_set.size());
  for (std::uint64_t n = 0; n < 410; ++n) {
    EXPECT_EQ(left.contains(n), left_set.contains(n)) << n;
    EXPECT_EQ(rest.contains(n), left_set.contains(n) && !right_set.contains(n)) << n;
  }
}

TEST(Ranges, AreComparedPerDevice) {
  const DeviceRanges acked{{"a", of({{0, 9}})}, {"b", of({{0, 3}})}, {"c", of({{0, 0}})}};
  const DeviceRanges received{{"a", of({{0, 9}})}, {"b", of({{0, 1}})}};
  const DeviceRanges lost = difference(acked, received);
  EXPECT_EQ(lost, (DeviceRanges{{"b", of({{2, 3}})}, {"c", of({{0, 0}})}}));
  EXPECT_EQ(total(lost), 3U);
}

}  // namespace
}  // namespace sluice::lab
