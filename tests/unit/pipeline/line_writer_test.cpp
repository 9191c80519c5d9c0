#include "pipeline/line_writer.h"

#include "core/json_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::string_literals;  // NOLINT(google-build-using-namespace): "a\0b"s

constexpr std::string_view kStart = R"(,"ts":1763692800123,"topic":"a/b")";

std::string line(LineShape shape, BodyKind kind, std::string_view body, std::string_view error = "",
                 std::uint64_t full_size = 0) {
  LineWriter writer(shape);
  const Timestamp time(std::chrono::milliseconds(1'763'692'800'123));
  std::string out = "before";
  writer.append({.topic = "a/b", .time = time, .kind = kind, .body = body, .error = error},
                "\"a/b\"", full_size, out);
  const std::string whole = R"({"seq":1)" + out.substr(6);
  simdjson::dom::parser parser;
  EXPECT_EQ(parser.parse(whole).error(), simdjson::SUCCESS) << whole;
  EXPECT_EQ(whole.find('\n'), whole.size() - 1);
  EXPECT_EQ(out.substr(0, 6 + kStart.size()), "before" + std::string(kStart));
  return out.substr(6 + kStart.size());
}

std::string envelope(BodyKind kind, std::string_view body) {
  return line(LineShape::Envelope, kind, body);
}
std::string flat(std::string_view json) {
  return line(LineShape::Flat, BodyKind::Json, json);
}

TEST(LineWriter, PutsJsonIntoTheEnvelopeAsItCame) {
  EXPECT_EQ(envelope(BodyKind::Json, R"({"v":1014.50, "ts":1})"),
            ",\"data\":{\"v\":1014.50, \"ts\":1}}\n");
  EXPECT_EQ(envelope(BodyKind::Json, "5"), ",\"data\":5}\n");
}

TEST(LineWriter, EscapesText) {
  EXPECT_EQ(envelope(BodyKind::Text, ""), ",\"text\":\"\"}\n");
  EXPECT_EQ(envelope(BodyKind::Text, "a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\u20ac"s + "\0."s),
            ",\"text\":\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\u20ac\\u0000.\"}\n");
}

TEST(LineWriter, WritesBinaryAsBase64) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      // RFC 4648, section 10
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xFB\xFF\x00"s, "+/8A"},
  };
  for (const auto& [bytes, base64] : vectors) {
    EXPECT_EQ(envelope(BodyKind::Binary, bytes), ",\"base64\":\"" + base64 + "\"}\n");
  }
}

TEST(LineWriter, SaysWhyARecordIsNotWhatWasAskedFor) {
  EXPECT_EQ(line(LineShape::Envelope, BodyKind::Text, "x", "invalid_json"),
            ",\"text\":\"x\",\"_error\":{\"step\":\"decode\",\"reason\":\"invalid_json\"}}\n");
  EXPECT_EQ(line(LineShape::Flat, BodyKind::Binary, "f", "oversize", 70'000),
            ",\"base64\":\"Zg==\",\"_error\":{\"step\":\"decode\",\"reason\":\"oversize\","
            "\"size\":70000}}\n");
}

TEST(LineWriter, LiftsTheFieldsOfAnObjectInFlatShape) {
  EXPECT_EQ(flat(R"({"a":1,"b":{"ts":2}})"), ",\"a\":1,\"b\":{\"ts\":2}}\n");
  EXPECT_EQ(flat(R"({ "a" : 1 })"), ", \"a\" : 1 }\n");
  EXPECT_EQ(flat("{}"), "}\n");
  EXPECT_EQ(flat("{ \t}"), "}\n");
}

TEST(LineWriter, PutsOtherValuesIntoAFieldInFlatShape) {
  EXPECT_EQ(flat("5"), ",\"value\":5}\n");
  EXPECT_EQ(flat(R"([{"ts":1}])"), ",\"value\":[{\"ts\":1}]}\n");
  EXPECT_EQ(line(LineShape::Flat, BodyKind::Text, "x"), ",\"text\":\"x\"}\n");
  EXPECT_EQ(line(LineShape::Flat, BodyKind::Binary, "f"), ",\"base64\":\"Zg==\"}\n");
}

TEST(LineWriter, RenamesFieldsThatCollide) {
  EXPECT_EQ(flat(R"({"ts":1,"a":"ts","seq":[2],"topic":{"seq":3}})"),
            ",\"payload_ts\":1,\"a\":\"ts\",\"payload_seq\":[2],\"payload_topic\":{\"seq\":3}}\n");
  EXPECT_EQ(flat(R"({"a":1,"ts":2})"), ",\"a\":1,\"payload_ts\":2}\n");
  EXPECT_EQ(flat(R"({"t":1,"tsx":2,"TS":3,"":4,"seq ":5})"),
            ",\"t\":1,\"tsx\":2,\"TS\":3,\"\":4,\"seq \":5}\n");
}

TEST(LineWriter, SeesThroughEscapesInKeys) {
  EXPECT_EQ(flat(R"({"\u0074s":1,"t\u006fpic":2,"\"":3,"\\ts":4})"),
            ",\"payload_\\u0074s\":1,\"payload_t\\u006fpic\":2,\"\\\"\":3,\"\\\\ts\":4}\n");
}

TEST(LineWriter, LeavesRepeatedKeysAsTheyAre) {
  EXPECT_EQ(flat(R"({"a":1,"a":2})"), ",\"a\":1,\"a\":2}\n");
  EXPECT_EQ(flat(R"({"ts":1,"ts":2})"), ",\"payload_ts\":1,\"payload_ts\":2}\n");
}

TEST(LineWriter, DoesNotRenameToAKeyThatIsThere) {
  EXPECT_EQ(flat(R"({"ts":1,"payload_ts":2})"), ",\"payload_payload_ts\":1,\"payload_ts\":2}\n");
  EXPECT_EQ(flat(R"({"payload_ts":2})"), ",\"payload_ts\":2}\n");
}

TEST(LineWriter, KeepsItsErrorApartFromAFieldOfThatName) {
  EXPECT_EQ(flat(R"({"_error":1})"), ",\"_error\":1}\n");
  EXPECT_EQ(line(LineShape::Flat, BodyKind::Json, R"({"_error":1})", "late"),
            ",\"payload__error\":1,\"_error\":{\"step\":\"decode\",\"reason\":\"late\"}}\n");
}

TEST(LineWriter, RenamesInObjectsOfEverySize) {
  LineWriter writer(LineShape::Flat);
  for (const std::size_t size : {10UL, 300'000UL, 20UL}) {
    const std::string filler(size, 'x');
    std::string out;
    const std::string body = R"({"x":")" + filler + R"(","ts":1})";
    writer.append({.topic = "t", .time = {}, .kind = BodyKind::Json, .body = body, .error = ""},
                  "\"t\"", 0, out);
    EXPECT_EQ(out,
              R"(,"ts":0,"topic":"t","x":")" + filler + R"(","payload_ts":1})" + std::string("\n"));
  }
}

// Every other key would have to be renamed behind a longer and longer chain of names.
TEST(LineWriter, IsNotSlowedDownByAPayloadMadeOfCollisions) {
  std::string body = "{";
  std::string name = "ts";
  for (int i = 0; i < 300; ++i) {
    name.insert(0, "payload_");
    body += "\"" + name + "\":1,";
  }
  for (int i = 0; i < 50'000; ++i) {
    body += "\"ts\":1,";
  }
  body.back() = '}';
  EXPECT_LT(flat(body).size(), 6 * body.size());
}

}  // namespace
}  // namespace sluice
