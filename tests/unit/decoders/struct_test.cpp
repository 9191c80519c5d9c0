#include "decoders/struct_layout.h"
#include "tests/unit/decoders/bytes_of.h"
#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using Records = std::vector<Decoded>;
using Texts = std::vector<std::pair<std::string, std::string>>;

StructLayout layout(const Texts& fields) {
  StructLayout layout;
  for (const auto& [name, text] : fields) {
    auto field = parse_struct_field(name, text);
    EXPECT_TRUE(field) << text << ": " << (field ? "" : field.error().message);
    layout.fields.push_back(*std::move(field));
  }
  return layout;
}

Records decode(StructLayout layout, std::string_view payload) {
  const auto decoder =
      make_decoder({.kind = DecoderKind::Struct, .csv = {}, .layout = std::move(layout)});
  return decode_all(*decoder, payload);
}

// The value of one field in a payload of eight bytes.
std::string value(const std::string& field, std::string_view hex = "0102030405060708") {
  const Records records = decode(layout({{"v", field}}), bytes_of(hex));
  EXPECT_EQ(records.size(), 1U);
  const std::string body = records.at(0).body;
  EXPECT_TRUE(body.starts_with("{\"v\":")) << body;
  return body.substr(5, body.size() - 6);
}

TEST(Struct, ReadsIntegersOfEveryWidth) {
  EXPECT_EQ(value("u8 @0"), "1");
  EXPECT_EQ(value("u16 @0"), "513");
  EXPECT_EQ(value("u16 be @0"), "258");
  EXPECT_EQ(value("u24 be @1"), "131844");
  EXPECT_EQ(value("u24 le @1"), "262914");
  EXPECT_EQ(value("u64 be @0", "ffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(value("i64 @0", "0000000000000080"), "-9223372036854775808");
  EXPECT_EQ(value("i8 @0", "80"), "-128");
  EXPECT_EQ(value("i24 be @0", "fffffe"), "-2");
  EXPECT_EQ(value("i48 @0", "feffffffffff"), "-2");
}

TEST(Struct, ReadsFloatsBooleansStringsAndBytes) {
  EXPECT_EQ(value("f32 be @0", "3fc00000"), "1.5");
  EXPECT_EQ(value("f32 @0", "0000c07f"), "null");
  EXPECT_EQ(value("f64 be @0", "3ff199999999999a"), "1.1");
  EXPECT_EQ(value("bool @1", "0002"), "true");
  EXPECT_EQ(value("bool @0", "0002"), "false");
  EXPECT_EQ(value("string(4) @1", "0041224200"), R"("A\"B")");
  EXPECT_EQ(value("string(2) @0", "4142ff"), R"("AB")");
  EXPECT_EQ(value("bytes(3) @1", "0041ff00"), "\"Qf8A\"");
}

TEST(Struct, ReadsBits) {
  EXPECT_EQ(value("u8 @0 bit 0", "05"), "true");
  EXPECT_EQ(value("u8 @0 bit 1", "05"), "false");
  EXPECT_EQ(value("u16 be @0 bit 15", "8000"), "true");
  EXPECT_EQ(value("u8 @0 bits 4-7", "a5"), "10");
  EXPECT_EQ(value("i8 @0 bits 4-7", "a5"), "-6");
  EXPECT_EQ(value("u64 @0 bits 0-63", "ffffffffffffffff"), "18446744073709551615");
  EXPECT_EQ(value("u16 be @0 bits 3-10 * 2", "07f8"), "510");
}

TEST(Struct, ScalesAsOneWouldOnPaper) {
  EXPECT_EQ(value("u8 @0 * 0.1", "03"), "0.3");
  EXPECT_EQ(value("i16 be @0 * 0.1", "ff29"), "-21.5");
  EXPECT_EQ(value("u8 @0*0.01-40", "fa"), "-37.5");
  EXPECT_EQ(value("u8 @0 - 0.7", "01"), "0.3");
  EXPECT_EQ(value("u8 @0 + 273.15", "14"), "293.15");
  EXPECT_EQ(value("u8 @0 * -2 + 1", "02"), "-3");
  EXPECT_EQ(value("u8 @0 - -1", "02"), "3");
  EXPECT_EQ(value("f32 be @0 * 10", "3fc00000"), "15");
  EXPECT_EQ(value("f64 be @0 * 0", "7ff0000000000000"), "null");
}

TEST(Struct, TakesTheByteOrderOfTheLayout) {
  StructLayout big = layout({{"a", "u16 @0"}, {"b", "u16 le @0"}});
  big.big_endian = true;
  EXPECT_EQ(decode(big, "\1\2"), Records{json(R"({"a":258,"b":513})")});
}

TEST(Struct, ReadsAsManyRecordsAsThereAre) {
  StructLayout repeated = layout({{"a", "u8 @0"}, {"b", "u8 @1"}});
  repeated.size = 3;
  repeated.start = 2;
  EXPECT_EQ(decode(repeated, "hh\1\2-\3\4-"),
            (Records{json(R"({"a":1,"b":2})"), json(R"({"a":3,"b":4})")}));
  EXPECT_EQ(decode(repeated, "hh\1\2-\3\4"),
            (Records{json(R"({"a":1,"b":2})"), binary("\3\4", "too_short")}));
  EXPECT_EQ(decode(repeated, "hh"), Records{binary("hh", "too_short")});
}

TEST(Struct, KeepsAPayloadThatIsTooShort) {
  const StructLayout one = layout({{"a", "u16 @2"}});
  EXPECT_EQ(decode(one, "123"), Records{binary("123", "too_short")});
  EXPECT_EQ(decode(one, ""), Records{binary("", "too_short")});
  EXPECT_EQ(decode(one, std::string(4, '\0') + "more"), Records{json("{\"a\":0}")});
}

TEST(Struct, KeepsARecordWithAStringThatIsNotUtf8) {
  StructLayout repeated = layout({{"n", "u8 @0"}, {"s", "string(2) @1"}});
  repeated.size = 3;
  EXPECT_EQ(decode(repeated, "\1\xFF!\2ok"),
            (Records{binary("\1\xFF!", "invalid_utf8"), json(R"({"n":2,"s":"ok"})")}));
}

TEST(Struct, StopsWhenLongNamesWouldBlowUpTheOutput) {
  StructLayout repeated = layout({{std::string(1'000'000, 'n'), "u8 @0"}});
  repeated.size = 1;
  const Records records = decode(repeated, std::string(100, '\1'));
  ASSERT_LT(records.size(), 20U);
  EXPECT_EQ(records.back(), binary(std::string(100 - (records.size() - 1), '\1'), "too_large"));
}

TEST(StructLayout, SaysWhereAndWhatIsWrong) {
  const Texts wrong = {
      {"", "at character 1 of the layout: a type is missing here"},
      {"x8 @0", "at character 1 of the layout: a type is missing here"},
      {"u12 @0", "at character 1 of the layout: there is no such type"},
      {"u72 @0", "at character 1 of the layout: there is no such type"},
      {"f16 @0", "at character 1 of the layout: there is no such type"},
      {"u @0", "at character 1 of the layout: there is no such type"},
      {"u8", "at character 3 of the layout: the place is missing"},
      {"u8 big @0", "at character 4 of the layout: here comes be or le"},
      {"u8 @", "at character 5 of the layout: a whole number"},
      {"u8 @-1", "at character 5 of the layout: a whole number"},
      {"u8 @99999999", "at character 5 of the layout: a whole number up to 16777216"},
      {"u8 @0 bit 8", "at character 11 of the layout: a whole number up to 7"},
      {"u8 @0 bits 4", "at character 13 of the layout: bits are written"},
      {"u8 @0 bits 4-2", "at character 15 of the layout: bits are written"},
      {"u8 @0 bitt 1", "at character 7 of the layout: this word is not known"},
      {"f32 @0 bit 1", "at character 8 of the layout: only integers have bits"},
      {"u8 @0 * x", "at character 9 of the layout: a decimal number"},
      {"u8 @0 * 1.", "at character 9 of the layout: a decimal number"},
      {"u8 @0 * 1e3", "at character 10 of the layout: this is too much"},
      {"bool @0 * 2", "at character 9 of the layout: only numbers can be scaled"},
      {"u8 @0 bit 1 * 2", "at character 13 of the layout: only numbers can be scaled"},
      {"string @0", "at character 8 of the layout: a length is missing"},
      {"string(0) @0", "at character 9 of the layout: a length is a number from 1"},
      {"u8 @0 @1", "at character 7 of the layout: this is too much"},
  };
  for (const auto& [text, message] : wrong) {
    const auto field = parse_struct_field("v", text);
    ASSERT_FALSE(field) << text;
    EXPECT_EQ(field.error().message.substr(0, message.size()), message) << text;
  }
}

}  // namespace
}  // namespace sluice
