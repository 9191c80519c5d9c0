#include "core/histogram.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

constexpr std::array kBounds{1.0, 5.0};

TEST(Histogram, SortsValuesByTheFirstBoundThatIsNotBelowThem) {
  Histogram histogram(kBounds);
  histogram.add(0);
  histogram.add(1);
  histogram.add(1.5);
  histogram.add(5);
  histogram.add(5.25);
  EXPECT_EQ(histogram.in_range(0), 2U);
  EXPECT_EQ(histogram.in_range(1), 2U);
  EXPECT_EQ(histogram.in_range(2), 1U);
  EXPECT_EQ(histogram.count(), 5U);
  EXPECT_DOUBLE_EQ(histogram.sum(), 12.75);
}

TEST(Histogram, CountsAValueAsOftenAsItIsTold) {
  Histogram histogram(kBounds);
  histogram.add(2, 100);
  histogram.add(0.5, 10);
  EXPECT_EQ(histogram.in_range(0), 10U);
  EXPECT_EQ(histogram.in_range(1), 100U);
  EXPECT_EQ(histogram.count(), 110U);
  EXPECT_DOUBLE_EQ(histogram.sum(), 205);
}

}  // namespace
}  // namespace sluice
