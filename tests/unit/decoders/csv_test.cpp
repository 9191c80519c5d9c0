#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using Records = std::vector<Decoded>;

Records csv(std::string_view payload, std::vector<std::string> header = {}, char delimiter = ',') {
  const auto decoder = make_decoder({.kind = DecoderKind::Csv,
                                     .csv = {.delimiter = delimiter, .header = std::move(header)},
                                     .layout = {}});
  return decode_all(*decoder, payload);
}

TEST(Csv, TakesTheNamesFromTheFirstLine) {
  EXPECT_EQ(csv("a,b\r\n1,x\r\n2,y\r\n"),
            (Records{json(R"({"a":1,"b":"x"})"), json(R"({"a":2,"b":"y"})")}));
  EXPECT_EQ(csv("\xEF\xBB\xBF\"a\"\"\",\"b\nc\"\n1,2"), Records{json(R"({"a\"":1,"b\nc":2})")});
}

TEST(Csv, TakesTheNamesFromTheConfiguration) {
  EXPECT_EQ(csv("1;x\n2;y", {"a", "b\""}, ';'),
            (Records{json(R"({"a":1,"b\"":"x"})"), json(R"({"a":2,"b\"":"y"})")}));
}

TEST(Csv, UsesTheDecoderAgainForOtherColumns) {
  const auto decoder = make_decoder(DecoderKind::Csv);
  EXPECT_EQ(decode_all(*decoder, "a,b\n1,2"), Records{json(R"({"a":1,"b":2})")});
  EXPECT_EQ(decode_all(*decoder, "c\n3"), Records{json(R"({"c":3})")});
}

TEST(Csv, MakesNumbersAndBooleansOnlyOfWhatJsonCallsSo) {
  EXPECT_EQ(
      csv("-1.50,1e3,true,false,0,18446744073709551615", {"a", "b", "c", "d", "e", "f"}),
      Records{json(R"({"a":-1.50,"b":1e3,"c":true,"d":false,"e":0,"f":18446744073709551615})")});
  for (const std::string value : {"007", "+1", "1.", ".5", "TRUE", "1e999", "18446744073709551616",
                                  "-9223372036854775809", "0x1", "NaN", "1 ", "-", "1e", "1e+"}) {
    EXPECT_EQ(csv(value, {"a"}), Records{json("{\"a\":\"" + value + "\"}")});
  }
}

TEST(Csv, LeavesQuotedValuesText) {
  EXPECT_EQ(csv("\"1\",\"true\",\"\"", {"a", "b", "c"}),
            Records{json(R"({"a":"1","b":"true","c":""})")});
}

TEST(Csv, MakesNullOfAnEmptyValue) {
  EXPECT_EQ(csv("1,,3\n,,", {"a", "b", "c"}),
            (Records{json(R"({"a":1,"b":null,"c":3})"), json(R"({"a":null,"b":null,"c":null})")}));
}

TEST(Csv, KeepsDelimitersQuotesAndLineBreaksBetweenQuotes) {
  EXPECT_EQ(csv("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n", {"a", "b", "c"}),
            Records{json(R"({"a":"a,b","b":"say \"hi\"","c":"two\r\nlines"})")});
}

TEST(Csv, KeepsAQuoteWithinAValue) {
  EXPECT_EQ(csv("5\" pipe", {"a"}), Records{json(R"({"a":"5\" pipe"})")});
}

TEST(Csv, PassesOverEmptyLines) {
  EXPECT_EQ(csv("\r\n\na\n\n1\n\r\n2\n\n"), (Records{json(R"({"a":1})"), json(R"({"a":2})")}));
}

TEST(Csv, KeepsALineThatDoesNotFitAndGoesOn) {
  EXPECT_EQ(csv("1,2,3\n4\n5,6\r\n", {"a", "b"}),
            (Records{text("1,2,3", "wrong_column_count"), text("4", "wrong_column_count"),
                     json(R"({"a":5,"b":6})")}));
}

TEST(Csv, KeepsALineWithTextBehindAQuoteAndGoesOn) {
  EXPECT_EQ(csv("\"a\"b,2\n5,6\n", {"a", "b"}),
            (Records{text("\"a\"b,2", "invalid_csv"), json(R"({"a":5,"b":6})")}));
}

TEST(Csv, KeepsEverythingBehindAQuoteThatIsNeverClosed) {
  EXPECT_EQ(csv("1,2\n3,\"4\n5,6\n", {"a", "b"}),
            (Records{json(R"({"a":1,"b":2})"), text("3,\"4\n5,6", "invalid_csv")}));
}

TEST(Csv, KeepsAPayloadWithoutRows) {
  EXPECT_EQ(csv("a,b\n"), Records{text("a,b\n", "no_rows")});
  EXPECT_EQ(csv("\"a"), Records{text("\"a", "invalid_csv")});
}

TEST(Csv, KeepsAPayloadThatNamesAColumnTwice) {
  EXPECT_EQ(csv("a,b,a\n1,2,3\n"), Records{text("a,b,a\n1,2,3\n", "duplicate_column")});
}

TEST(Csv, NamesColumnsWithoutAName) {
  EXPECT_EQ(csv("a,,\"\"\n1,2,3"), Records{json(R"({"a":1,"column_2":2,"":3})")});
}

TEST(Csv, KeepsWhatIsNotUtf8OrWasCutOff) {
  EXPECT_EQ(csv("a\n\xFF"), Records{binary("a\n\xFF", "invalid_utf8")});
  const auto decoder = make_decoder(DecoderKind::Csv);
  EXPECT_EQ(decode_all(*decoder, "a\n1", 100), Records{text("a\n1", "oversize")});
}

TEST(Csv, StopsWhenLongNamesWouldBlowUpTheOutput) {
  const std::string name(1'000'000, 'n');
  std::string payload = name + '\n';
  for (int i = 0; i < 100; ++i) {
    payload += "1\n";
  }
  const Records records = csv(payload);
  ASSERT_FALSE(records.empty());
  EXPECT_LT(records.size(), 20U);
  EXPECT_EQ(records.front().body.size(), name.size() + 6);
  EXPECT_EQ(records.back().error, "too_large");
  const std::size_t rows = 100 - (records.size() - 1);
  EXPECT_EQ(records.back().body.size(),
            2 * rows - 1);  // what was not decoded, without the last break
}

}  // namespace
}  // namespace sluice
