#include "tests/lab/payloads.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cstdlib>
#include <map>

namespace sluice::lab {
namespace {

constexpr std::uint64_t kNow = 1'763'692'800'123;

std::string next(Payloads& payloads, unsigned device) {
  std::string text;
  payloads.append_next(device, kNow, text);
  return text;
}

TEST(Payloads, OfSensorsAreJsonWithDeviceAndConsecutiveNumbers) {
  Payloads payloads({.devices = 3});
  simdjson::dom::parser parser;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const auto device = static_cast<unsigned>(i % 3);
    const std::string text = next(payloads, device);
    const simdjson::dom::element json = parser.parse(text);
    EXPECT_EQ(std::string(json["device"]), payloads.device(device));
    EXPECT_EQ(json["n"].get_uint64().value(), i / 3);
    EXPECT_EQ(json["time"].get_uint64().value(), kNow);
    EXPECT_TRUE(json["temperature"].is_double());
    EXPECT_TRUE(json["status"].is_string());
  }
}

TEST(Payloads, OfSensorsAreOnAverageAsLongAsAskedFor) {
  for (const std::size_t size : {100UL, 200UL, 500UL}) {
    Payloads payloads({.size = size, .devices = 200});
    std::string all;
    constexpr unsigned kCount = 20000;
    for (unsigned i = 0; i < kCount; ++i) {
      payloads.append_next(i % 200, kNow, all);
    }
    const double average = static_cast<double>(all.size()) / kCount;
    EXPECT_NEAR(average, static_cast<double>(size), static_cast<double>(size) * 0.05);
  }
}

TEST(Payloads, VaryInTheirReadings) {
  Payloads payloads({.devices = 1});
  simdjson::dom::parser parser;
  std::map<double, int> temperatures;
  double before = 21.37;
  for (int i = 0; i < 1000; ++i) {
    const double now = parser.parse(next(payloads, 0))["temperature"];
    EXPECT_LE(std::abs(now - before), 0.121) << "a walk, not noise";
    before = now;
    ++temperatures[now];
  }
  EXPECT_GT(temperatures.size(), 50U);
}

TEST(Payloads, AreTheSameForTheSameSeedOnly) {
  Payloads one({.kind = PayloadKind::Mixed, .seed = 7});
  Payloads same({.kind = PayloadKind::Mixed, .seed = 7});
  Payloads other({.kind = PayloadKind::Mixed, .seed = 8});
  bool differs = false;
  for (unsigned i = 0; i < 200; ++i) {
    const std::string text = next(one, i);
    EXPECT_EQ(text, next(same, i));
    differs = differs || text != next(other, i);
  }
  EXPECT_TRUE(differs);
}

class CountingPayloads : public testing::TestWithParam<PayloadKind> {};

TEST_P(CountingPayloads, CarryDeviceAndTheNextNumber) {
  Payloads payloads({.kind = GetParam(), .devices = 2});
  simdjson::dom::parser parser;
  std::map<unsigned, std::uint64_t> expected;
  for (unsigned i = 0; i < 4000; ++i) {
    std::string text;
    if (payloads.append_next(i % 2, kNow, text)) {
      const simdjson::dom::element json = parser.parse(text);
      EXPECT_EQ(std::string(json["device"]), payloads.device(i % 2));
      EXPECT_EQ(json["n"].get_uint64().value(), expected[i % 2]++) << text;
    }
  }
  EXPECT_GT(expected[0], 1000U);
}

INSTANTIATE_TEST_SUITE_P(Each, CountingPayloads,
                         testing::Values(PayloadKind::Sensor, PayloadKind::Calm, PayloadKind::Tiny,
                                         PayloadKind::Log, PayloadKind::Mixed));

TEST(Payloads, MixedHoldEveryShapeThatADecoderMustFace) {
  Payloads payloads({.kind = PayloadKind::Mixed, .devices = 1});
  simdjson::dom::parser parser;
  std::map<std::string, int> seen;
  for (unsigned i = 0; i < 2000; ++i) {
    std::string text;
    const bool counts = payloads.append_next(0, kNow, text);
    ++seen[text.empty() ? "empty" : "any"];
    ++seen[!simdjson::validate_utf8(text) ? "binary" : "utf-8"];
    if (counts) {
      const simdjson::dom::element json = parser.parse(text);
      ++seen[json["motor"].error() == simdjson::SUCCESS ? "nested" : "flat"];
      ++seen[text.find('\n') != std::string::npos ? "lines" : "one line"];
    } else if (!text.empty()) {
      ++seen[parser.parse(text).error() != simdjson::SUCCESS ? "not JSON" : "JSON"];
    }
  }
  for (const char* shape : {"empty", "binary", "nested", "flat", "lines", "not JSON"}) {
    EXPECT_GT(seen[shape], 10) << shape;
  }
}

}  // namespace
}  // namespace sluice::lab
