#include "decoders/decoders.h"

#include "tests/unit/decoders/decoding.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): "a\0b"s

class Decoders : public ::testing::Test {
 protected:
  static Decoded decode(DecoderKind kind, std::string_view payload, std::uint64_t full_size = 0) {
    const auto decoder = make_decoder(kind);
    return decode(*decoder, payload, full_size);
  }

  static Decoded decode(Decoder& decoder, std::string_view payload, std::uint64_t full_size = 0) {
    const std::vector<Decoded> decoded = decode_all(decoder, payload, full_size);
    EXPECT_EQ(decoded.size(), 1U);
    return decoded.at(0);
  }
};

TEST_F(Decoders, TakeTopicAndTimeFromTheMessage) {
  MessageBatch batch;
  const Timestamp received(std::chrono::milliseconds(1'763'692'800'123));
  batch.add({.topic = "sensors/7", .payload = "1", .received = received});
  std::vector<Record> records;
  make_decoder(DecoderKind::Auto)->decode(batch[0], records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].topic, "sensors/7");
  EXPECT_EQ(records[0].time, received);
}

TEST_F(Decoders, AppendToTheRecordsThatAreThere) {
  MessageBatch batch;
  batch.add({.topic = "t", .payload = "1", .received = {}});
  std::vector<Record> records(2);
  make_decoder(DecoderKind::Auto)->decode(batch[0], records);
  EXPECT_EQ(records.size(), 3U);
}

TEST_F(Decoders, PassJsonOnOneLineAsAViewOfTheOriginalBytes) {
  MessageBatch batch;
  const std::string_view payload = " {\"v\" : 1014.50, \"n\":12345678901234567890}\r\n";
  batch.add({.topic = "t", .payload = payload, .received = {}});
  std::vector<Record> records;
  make_decoder(DecoderKind::Json)->decode(batch[0], records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].body, "{\"v\" : 1014.50, \"n\":12345678901234567890}");
  EXPECT_EQ(records[0].body.data(), batch[0].payload.data() + 1);
}

TEST_F(Decoders, RemoveLineBreaksBetweenTokens) {
  EXPECT_EQ(decode(DecoderKind::Auto, "{\n  \"a\": \"x y\\n\",\r\n  \"b\": [1,\n2]\n}\n"),
            json(R"({"a":"x y\n","b":[1,2]})"));
  EXPECT_EQ(decode(DecoderKind::Auto, "[1,\r2]"), json("[1,2]"));
}

TEST_F(Decoders, AcceptEveryKindOfJsonValue) {
  for (const std::string value :
       {"5", "-0.5e3", "\"x\"", "true", "false", "null", "[]", "{}", "18446744073709551615",
        R"("\u0000")", R"("\ud83d\ude00")", "\"\u00e4\""}) {
    EXPECT_EQ(decode(DecoderKind::Json, value), json(value));
    EXPECT_EQ(decode(DecoderKind::Auto, value), json(value));
  }
}

TEST_F(Decoders, IgnoreAByteOrderMarkBeforeJson) {
  EXPECT_EQ(decode(DecoderKind::Json, "\xEF\xBB\xBF{\"a\":1}"), json("{\"a\":1}"));
  EXPECT_EQ(decode(DecoderKind::Auto, "\xEF\xBB\xBFhello"), text("\xEF\xBB\xBFhello"));
  EXPECT_EQ(decode(DecoderKind::Auto, "\xEF\xBB\xBF"), text("\xEF\xBB\xBF"));
}

TEST_F(Decoders, KeepAsTextWhatIsNotJson) {
  const std::string deep = std::string(66, '[') + std::string(66, ']');
  for (const std::string& payload : {""s,
                                     "   "s,
                                     "\n"s,
                                     "hello"s,
                                     "{"s,
                                     R"({"a":1)"s,
                                     "tru"s,
                                     "\"abc"s,
                                     "1 2"s,
                                     "{} {}"s,
                                     "01"s,
                                     "NaN"s,
                                     "[1,]"s,
                                     "{'a':1}"s,
                                     "[1]\0"s,
                                     "a\0b"s,
                                     R"("\ud800")"s,
                                     R"("\udc00x")"s,
                                     R"("\uD800\u0041")"s,
                                     "\"line\nbreak\""s,
                                     "18446744073709551616"s,
                                     "1e400"s,
                                     deep}) {
    EXPECT_EQ(decode(DecoderKind::Auto, payload), text(payload));
    EXPECT_EQ(decode(DecoderKind::Json, payload), text(payload, "invalid_json"));
  }
}

TEST_F(Decoders, KeepAsBinaryWhatIsNotUtf8) {
  for (const std::string& payload : {"\xFF"s, "{\"a\":\"\xFF\"}"s, "\xC0\x80"s, "\xED\xA0\x80"s,
                                     "caf\xC3"s, "\xF4\x90\x80\x80"s, "\x00\x80"s}) {
    EXPECT_EQ(decode(DecoderKind::Auto, payload), binary(payload));
    EXPECT_EQ(decode(DecoderKind::Json, payload), binary(payload, "invalid_json"));
    EXPECT_EQ(decode(DecoderKind::Text, payload), binary(payload, "invalid_utf8"));
  }
}

TEST_F(Decoders, TakeTextAsItIs) {
  for (const std::string& payload : {""s, "hello"s, " {\"a\":1}\n"s, "a\0b"s, "\u20ac"s}) {
    EXPECT_EQ(decode(DecoderKind::Text, payload), text(payload));
  }
}

TEST_F(Decoders, NeverLookAtBinary) {
  for (const std::string& payload : {""s, R"({"a":1})"s, "\xFF\x00"s}) {
    EXPECT_EQ(decode(DecoderKind::Binary, payload), binary(payload));
  }
}

TEST_F(Decoders, AcceptSixtyFourLevelsOfNestingAndNoMore) {
  const auto nested = [](int levels) {
    std::string json;
    for (int i = 0; i < levels; ++i) {
      json += "{\"a\":";
    }
    return json + "1" + std::string(static_cast<std::size_t>(levels), '}');
  };
  EXPECT_EQ(decode(DecoderKind::Auto, nested(64)), json(nested(64)));
  EXPECT_EQ(decode(DecoderKind::Auto, nested(65)), text(nested(65)));
}

TEST_F(Decoders, SurviveNestingThatWouldOverflowTheStack) {
  const std::string deep(1'000'000, '[');
  EXPECT_EQ(decode(DecoderKind::Auto, deep), text(deep));
}

TEST_F(Decoders, DecodeDocumentsOfEverySizeWithOneObject) {
  const auto decoder = make_decoder(DecoderKind::Json);
  for (const std::size_t size : {1UL, 5'000UL, 262'142UL, 262'143UL, 1'500'000UL, 3UL}) {
    const std::string one_line = "\"" + std::string(size, 'x') + "\"";
    EXPECT_EQ(decode(*decoder, one_line), json(one_line));
    const std::string pretty = "[\n" + one_line + "\n]";
    EXPECT_EQ(decode(*decoder, pretty), json("[" + one_line + "]"));
    EXPECT_EQ(decode(*decoder, pretty + "x"), text(pretty + "x", "invalid_json"));
  }
}

TEST_F(Decoders, MarkWhatWasCutOffAsOversize) {
  for (const DecoderKind kind : {DecoderKind::Auto, DecoderKind::Json, DecoderKind::Text}) {
    EXPECT_EQ(decode(kind, "{\"a\":1}", 5'000), text("{\"a\":1}", "oversize"));
    EXPECT_EQ(decode(kind, "", 5'000), text("", "oversize"));
    EXPECT_EQ(decode(kind, "a\xFF b", 5'000), binary("a\xFF b", "oversize"));
  }
  EXPECT_EQ(decode(DecoderKind::Binary, "abc", 5'000), binary("abc", "oversize"));
}

TEST_F(Decoders, TakeTextThatWasCutWithinACharacterAsText) {
  const std::string whole = "a\xF0\x9F\x98\x80";  // an emoji of four bytes
  EXPECT_EQ(decode(DecoderKind::Auto, whole, 9'000), text(whole, "oversize"));
  for (std::size_t size = 2; size < whole.size(); ++size) {
    EXPECT_EQ(decode(DecoderKind::Auto, whole.substr(0, size), 9'000), text("a", "oversize"));
  }
  EXPECT_EQ(decode(DecoderKind::Auto, "a\x80\x80\x80\x80", 9'000),
            binary("a\x80\x80\x80\x80", "oversize"));
}

}  // namespace
}  // namespace sluice
