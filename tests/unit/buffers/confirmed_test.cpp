#include "buffers/confirmed.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

using Ranges = std::vector<SequenceRange>;

SequenceRange range(std::uint64_t after, std::uint64_t last) {
  return {Sequence(after), Sequence(last)};
}

TEST(Confirmed, RangesThatTouchTheCursorBecomePartOfIt) {
  Confirmed set(Sequence(5));
  EXPECT_TRUE(set.add(Sequence(8), Sequence(12)));
  EXPECT_EQ(set.cursor(), Sequence(5));
  EXPECT_EQ(set.highest(), Sequence(12));
  EXPECT_TRUE(set.add(Sequence(5), Sequence(8)));
  EXPECT_EQ(set.cursor(), Sequence(12));
  EXPECT_EQ(set.ranges(), Ranges{range(0, 12)});
}

TEST(Confirmed, WhatIsInItAlreadyChangesNothing) {
  Confirmed set(Sequence(5));
  EXPECT_FALSE(set.add(Sequence(0), Sequence(5)));
  EXPECT_FALSE(set.add(Sequence(3), Sequence(4)));
  EXPECT_FALSE(set.add(Sequence(9), Sequence(9)));
  EXPECT_EQ(set, Confirmed(Sequence(5)));
}

TEST(Confirmed, AHoleMovesTheCursorBackAndKeepsTheRest) {
  Confirmed set(Sequence(20));
  EXPECT_TRUE(set.remove(Sequence(6), Sequence(7)));
  EXPECT_EQ(set.cursor(), Sequence(6));
  EXPECT_EQ(set.ranges(), (Ranges{range(0, 6), range(7, 20)}));
  EXPECT_FALSE(set.remove(Sequence(6), Sequence(7)));
  EXPECT_TRUE(set.add(Sequence(6), Sequence(7)));
  EXPECT_EQ(set.cursor(), Sequence(20));
}

TEST(Confirmed, IsNoDifferentFromASetOfNumbers) {
  constexpr std::uint64_t kHighest = 24;
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937_64 random(seed);
  for (int trial = 0; trial < 300; ++trial) {
    Confirmed sets[2];
    std::set<std::uint64_t> models[2];
    for (int step = 0; step < 30; ++step) {
      const std::size_t which = random() % 2;
      const std::uint64_t after = random() % kHighest;
      const std::uint64_t last = random() % (kHighest + 1);
      const std::size_t before = models[which].size();
      if (random() % 3 > 0) {
        for (std::uint64_t each = after + 1; each <= last; ++each) {
          models[which].insert(each);
        }
        EXPECT_EQ(sets[which].add(Sequence(after), Sequence(last)), models[which].size() != before);
      } else {
        std::erase_if(models[which], [&](auto each) { return each > after && each <= last; });
        EXPECT_EQ(sets[which].remove(Sequence(after), Sequence(last)),
                  models[which].size() != before);
      }
    }
    const Confirmed both = intersection(sets[0], sets[1]);
    for (std::uint64_t each = 1; each <= kHighest; ++each) {
      const auto has = [each](const Confirmed& set) {
        return set.covers(Sequence(each), Sequence(each));
      };
      ASSERT_EQ(has(sets[0]), models[0].contains(each));
      ASSERT_EQ(sets[0].touches(Sequence(each), Sequence(each)), models[0].contains(each));
      ASSERT_EQ(has(both), models[0].contains(each) && models[1].contains(each));
      ASSERT_EQ(sets[0].end_of_range(Sequence(each)) != Sequence(0), models[0].contains(each));
    }
    for (std::size_t i = 1; i < both.ranges().size(); ++i) {
      ASSERT_LT(both.ranges()[i - 1].last, both.ranges()[i].after) << "they touch";
    }
  }
}

}  // namespace
}  // namespace sluice
