#include "config/scalars.h"

#include <gtest/gtest.h>

namespace sluice::configuration {
namespace {

using namespace std::chrono_literals;

TEST(Durations, KnowTheirUnits) {
  EXPECT_EQ(*parse_duration("250ms"), 250ms);
  EXPECT_EQ(*parse_duration("10s"), 10s);
  EXPECT_EQ(*parse_duration("5m"), 300s);
  EXPECT_EQ(*parse_duration("2h"), 2h);
  EXPECT_EQ(*parse_duration("7d"), 168h);
  EXPECT_EQ(*parse_duration("0s"), 0s);
}

TEST(Durations, AreWholeNumbersWithAUnitRightBehindThem) {
  for (const char* text : {"", "s", "1.5h", "10 s", "10S", "1h30m", "-1s", "+1s", "0x10s", "1s ",
                           "99999999999999999999s", "9223372036854775807d"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Durations, SuggestAUnitWhereItIsMissing) {
  EXPECT_EQ(parse_duration("30").error().message, "has no unit: did you mean 30s?");
}

TEST(Sizes, AreBinaryOrDecimal) {
  EXPECT_EQ(*parse_size("64KiB"), 65'536);
  EXPECT_EQ(*parse_size("1MiB"), 1'048'576);
  EXPECT_EQ(*parse_size("2GiB"), 2'147'483'648);
  EXPECT_EQ(*parse_size("1TiB"), 1'099'511'627'776);
  EXPECT_EQ(*parse_size("1MB"), 1'000'000);
  EXPECT_EQ(*parse_size("3kB"), 3'000);
  EXPECT_EQ(*parse_size("512B"), 512);
}

TEST(Sizes, RejectWhatIsNotOne) {
  for (const char* text : {"", "MiB", "1M", "1mib", "1 MiB", "1.5GiB", "-1MiB", "9000000TiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(Numbers, AreDecimalAndNothingElse) {
  EXPECT_EQ(*parse_integer("-7"), -7);
  EXPECT_EQ(*parse_integer("08"), 8);
  for (const char* text : {"", "1.0", "0x1", "1e3", "one", " 1", "1 ", "99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text)) << text;
  }
}

TEST(Booleans, AreTrueOrFalse) {
  EXPECT_TRUE(*parse_boolean("true"));
  EXPECT_FALSE(*parse_boolean("false"));
  for (const char* text : {"", "yes", "no", "on", "1", "True"}) {
    EXPECT_FALSE(parse_boolean(text)) << text;
  }
}

TEST(Durations, AreWrittenInTheLargestUnitThatIsExact) {
  EXPECT_EQ(duration_text(0ms), "0s");
  EXPECT_EQ(duration_text(90s), "90s");
  EXPECT_EQ(duration_text(1500ms), "1500ms");
  EXPECT_EQ(duration_text(168h), "7d");
}

TEST(Sizes, AreWrittenInTheLargestUnitThatIsExact) {
  EXPECT_EQ(size_text(256 * 1024), "256KiB");
  EXPECT_EQ(size_text(1'000'000), "1000000B");
  EXPECT_EQ(size_text(0), "0B");
}

}  // namespace
}  // namespace sluice::configuration
