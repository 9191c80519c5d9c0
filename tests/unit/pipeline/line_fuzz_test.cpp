// Whatever arrives becomes one valid line from which the original can be had again.
#include "decoders/decoders.h"
#include "pipeline/line_writer.h"
#include "pipeline/router.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {
namespace {

using Element = simdjson::dom::element;
using Random = std::mt19937;

constexpr std::array<std::string_view, 12> kDocuments = {
    R"({"id":"d-17","ts":1763692800123,"t":21.50,"ok":true,"loc":{"lat":48.1,"lon":11.5}})",
    R"({"seq":1,"topic":"x","payload_seq":2,"payload_payload_seq":3})",
    R"( { "\u0074s" : [1, 2, {"ts": null}], "a" : "" } )",
    "{\r\n  \"big\": 18446744073709551615,\n  \"neg\": -9223372036854775808\n}\n",
    R"([{"a":1},{"b":[[],{}]},1e-7,"\ud83d\ude00"])",
    R"({"s":"\"\\\/\b\f\n\r\t\u0000\u001f","seq":""})",
    "{\"\xC3\xA4\":\"\xE2\x82\xAC \xF0\x9F\x98\x80\",\"topic\":0}",
    "\xEF\xBB\xBF{\"bom\":1}",
    R"(2025-11-21T04:00:00Z host app[1]: "quoted" \ text)",
    "{}",
    "-12.5e3",
    "",
};
constexpr std::array<std::string_view, 23> kTokens = {"{",
                                                      "}",
                                                      "[",
                                                      "]",
                                                      ",",
                                                      ":",
                                                      "\"",
                                                      "\\",
                                                      "\n",
                                                      "\r\n",
                                                      "\t",
                                                      "null",
                                                      "1e400",
                                                      "\\u",
                                                      "\\ud800",
                                                      "\"ts\":",
                                                      "-",
                                                      "\xFF",
                                                      std::string_view("\0x", 2),
                                                      "\xC3\xA9",
                                                      "{\"a\":",
                                                      "1844",
                                                      "\"payload_ts\":1,"};

std::string random_bytes(Random& random) {
  std::string bytes(random() % 100, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

void mutate(std::string& text, Random& random) {
  const std::size_t at = random() % (text.size() + 1);
  switch (random() % 6) {
    case 0:
      if (at < text.size()) text[at] = static_cast<char>(random());
      break;
    case 1:
      text.erase(at, random() % 8);
      break;
    case 2:
      text.insert(at, kTokens.at(random() % kTokens.size()));
      break;
    case 3:
      text.insert(at, text.substr(random() % (text.size() + 1), random() % 40));
      break;
    case 4:
      text.insert(at, std::string(random() % 80, "[{ "[random() % 3]));
      break;
    default:
      text.resize(at);
      break;
  }
}

std::string random_payload(Random& random) {
  if (random() % 20 == 0) {
    return random_bytes(random);
  }
  std::string text(kDocuments.at(random() % kDocuments.size()));
  for (std::size_t i = random() % 4; i > 0; --i) {
    mutate(text, random);
  }
  return text;
}

std::string from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text.substr(0, text.find('='))) {
    bits = bits << 6U | static_cast<unsigned>(kDigits.find(c));
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> static_cast<unsigned>(count));
      bits &= (1U << static_cast<unsigned>(count)) - 1;
    }
  }
  return bytes;
}

std::string name_without_prefix(std::string_view key) {
  while (key.starts_with(kRenamePrefix)) {
    key.remove_prefix(kRenamePrefix.size());
  }
  return std::string(key);
}

class LineFuzz : public ::testing::Test {
 protected:
  void check(const Message& message, DecoderKind kind, LineShape shape) {
    records_.clear();
    decoders_.at(static_cast<std::size_t>(kind))->decode(message, records_);
    ASSERT_EQ(records_.size(), 1U);
    std::string line = R"({"seq":7)";
    const TopicRoute& route = router_.find(message.topic);
    writers_.at(static_cast<std::size_t>(shape))
        .append(records_[0], route.topic_json, message.full_size, line);
    ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
    simdjson::dom::object fields;
    ASSERT_EQ(parser_.parse(line).get(fields), simdjson::SUCCESS) << line;
    EXPECT_EQ(fields["seq"].get_uint64().value(), 7U);
    check_error(fields, message);
    check_body(fields, message, shape);
    ++seen_.at(static_cast<std::size_t>(records_[0].kind));
  }

  void check_error(const simdjson::dom::object& fields, const Message& message) const {
    if (records_[0].error.empty()) {
      return;
    }
    const auto error = fields["_error"];
    EXPECT_EQ(error["reason"].get_string().value(), records_[0].error);
    EXPECT_EQ(error["size"].error() == simdjson::SUCCESS, message.full_size != 0);
  }

  void check_body(const simdjson::dom::object& fields, const Message& message, LineShape shape) {
    switch (records_[0].kind) {
      case BodyKind::Text: {
        const std::string_view text = fields["text"].get_string().value();
        EXPECT_EQ(text, message.payload.substr(0, text.size()));
        EXPECT_LE(message.payload.size() - text.size(), message.full_size == 0 ? 0U : 3U);
        return;
      }
      case BodyKind::Binary:
        EXPECT_EQ(from_base64(fields["base64"].get_string().value()), message.payload);
        return;
      case BodyKind::Json:
        check_json(fields, message, shape);
        return;
    }
  }

  void check_json(const simdjson::dom::object& fields, const Message& message, LineShape shape) {
    std::string_view payload = message.payload;
    if (payload.starts_with("\xEF\xBB\xBF")) {
      payload.remove_prefix(3);
    }
    Element original;
    ASSERT_EQ(original_.parse(std::string(payload)).get(original), simdjson::SUCCESS);
    if (shape == LineShape::Envelope) {
      EXPECT_EQ(simdjson::to_string(fields["data"].value()), simdjson::to_string(original));
    } else if (original.is_object()) {
      check_lifted(fields, original.get_object().value());
    } else {
      EXPECT_EQ(simdjson::to_string(fields["value"].value()), simdjson::to_string(original));
    }
  }

  // After seq, ts and topic come the fields in their order, with their values.
  static void check_lifted(const simdjson::dom::object& fields,
                           const simdjson::dom::object& original) {
    ASSERT_EQ(fields.size(), original.size() + 3);
    auto lifted = fields.begin();
    for (const char* own : {"seq", "ts", "topic"}) {
      EXPECT_EQ(lifted.key(), own);
      ++lifted;
    }
    for (const auto& field : original) {
      const std::string_view key = lifted.key();
      EXPECT_TRUE(key != "seq" && key != "ts" && key != "topic");
      EXPECT_EQ(name_without_prefix(key), name_without_prefix(field.key));
      EXPECT_EQ(simdjson::to_string(lifted.value()), simdjson::to_string(field.value));
      ++lifted;
    }
  }

  std::array<std::unique_ptr<Decoder>, 4> decoders_ = {
      make_decoder(DecoderKind::Auto), make_decoder(DecoderKind::Json),
      make_decoder(DecoderKind::Text), make_decoder(DecoderKind::Binary)};
  std::array<LineWriter, 2> writers_ = {LineWriter(LineShape::Envelope),
                                        LineWriter(LineShape::Flat)};
  Router router_;
  simdjson::dom::parser parser_;
  simdjson::dom::parser original_;
  std::vector<Record> records_;
  std::array<int, 3> seen_{};
};

TEST_F(LineFuzz, EveryPayloadBecomesALineThatKeepsIt) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Random random(seed);
  for (int round = 0; round < 3'000 && !HasFatalFailure(); ++round) {
    MessageBatch batch;  // so that the payloads lie next to each other
    for (int i = 0; i < 4; ++i) {
      const std::string payload = random_payload(random);
      const std::string topic = random() % 10 == 0 ? random_bytes(random) : "a/b";
      const std::uint64_t full_size = random() % 10 == 0 ? payload.size() + 1'000 : 0;
      batch.add({.topic = topic, .payload = payload, .received = {}, .full_size = full_size});
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      SCOPED_TRACE("payload: " + ::testing::PrintToString(std::string(batch[i].payload)));
      check(batch[i], static_cast<DecoderKind>(random() % 4), static_cast<LineShape>(random() % 2));
    }
  }
  for (const int seen : seen_) {
    EXPECT_GT(seen, 100);  // of each kind
  }
}

}  // namespace
}  // namespace sluice
