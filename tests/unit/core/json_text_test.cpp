#include "core/json_text.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace sluice {
namespace {

template <class Number>
std::string text_of(Number number) {
  std::string text = "x";
  append_number(number, text);
  return text.substr(1);
}

TEST(JsonText, WritesIntegersExactly) {
  EXPECT_EQ(text_of(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(text_of(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
}

TEST(JsonText, WritesTheShortestTextOfANumber) {
  EXPECT_EQ(text_of(21.5), "21.5");
  EXPECT_EQ(text_of(0.1), "0.1");
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(1e-9), "1e-09");
}

// Otherwise a double could become an integer that no parser takes.
TEST(JsonText, WritesLargeNumbersWithAnExponent) {
  EXPECT_EQ(text_of(999999999999999.0), "999999999999999");
  EXPECT_EQ(text_of(1e15), "1e+15");
  EXPECT_EQ(text_of(-123456789012345680000.0), "-1.2345678901234568e+20");
  EXPECT_EQ(text_of(123456789012345680000.0F), "1.2345679e+20");
}

TEST(JsonText, WritesNullForWhatIsNotANumber) {
  EXPECT_EQ(text_of(std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity()), "null");
  EXPECT_EQ(text_of(std::numeric_limits<double>::quiet_NaN()), "null");
}

}  // namespace
}  // namespace sluice
