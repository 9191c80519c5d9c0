#include "commands/flow_test.h"

#include "commands/json_match.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using List = std::vector<std::string>;

const std::string kConfig =
    "sources: {plant: {url: mqtt://localhost, topics: [\"#\"]}}\n"
    "sinks: {cloud: {type: stdout}}\n"
    "flows:\n"
    "  telemetry:\n"
    "    from: [plant]\n"
    "    topics: [sensors/#]\n"
    "    to: [cloud]\n"
    "    decode: json\n"
    "    transforms:\n"
    "      - filter: \"temperature > 30\"\n"
    "      - set: {temp_f: \"temperature * 1.8 + 32\"}\n"
    "      - topic_tags: \"sensors/{device}\"\n"
    "  sums:\n"
    "    from: [plant]\n"
    "    to: [cloud]\n"
    "    transforms:\n"
    "      - window: {every: 10s, fields: {t: [avg, count]}}\n";

FlowTestResult run(const std::string& test) {
  const LoadedConfig loaded = testing_support::load(kConfig + "tests:\n  - name: a test\n" + test);
  EXPECT_TRUE(loaded.ok()) << testing_support::report(loaded);
  return loaded.ok() ? run_flow_test(loaded.config, loaded.config.tests.at(0)) : FlowTestResult{};
}

TEST(FlowTest, ComparesTheFieldsThatAreNamed) {
  const FlowTestResult result =
      run("    flow: telemetry\n"
          "    input:\n"
          "      - {topic: sensors/7, payload: '{\"temperature\": 40.0, \"status\": \"ok\"}'}\n"
          "      - {topic: sensors/8, payload: {temperature: 20}}\n"
          "      - {topic: other/8, payload: {temperature: 90}}\n"
          "    expect:\n"
          "      - {topic: sensors/7, data: {temp_f: 104, device: \"7\"}}\n");
  EXPECT_EQ(result.failures, List{});
  EXPECT_EQ(result.records,
            List{R"({"seq":1,"ts":1735689600000,"topic":"sensors/7",)"
                 R"("data":{"temperature":40.0,"status":"ok","temp_f":104,"device":"7"}})"});
}

TEST(FlowTest, SaysWhatDiffers) {
  const FlowTestResult result =
      run("    flow: telemetry\n"
          "    input: [{topic: sensors/7, payload: {temperature: 40}}]\n"
          "    expect: [{topic: sensors/8, data: {temp_f: 1, more: true}}, {topic: x}]\n");
  ASSERT_EQ(result.failures.size(), 2U);
  EXPECT_NE(result.failures[0].find("topic: expected \"sensors/8\", got \"sensors/7\""),
            std::string::npos)
      << result.failures[0];
  EXPECT_NE(result.failures[0].find("data.temp_f: expected 1, got 104"), std::string::npos);
  EXPECT_NE(result.failures[0].find("data.more: expected true, is missing"), std::string::npos);
  EXPECT_NE(result.failures[1].find("nothing came out"), std::string::npos);
}

TEST(FlowTest, FailsOnARecordThatIsNotExpected) {
  const FlowTestResult result =
      run("    flow: telemetry\n"
          "    input: [{topic: sensors/7, payload: {temperature: 40}}]\n"
          "    expect: []\n");
  ASSERT_EQ(result.failures.size(), 1U);
  EXPECT_NE(result.failures[0].find("not expected"), std::string::npos);
}

TEST(FlowTest, ComparesEverythingIfItIsToBeExact) {
  const std::string test =
      "    flow: telemetry\n"
      "    input: [{topic: sensors/7, payload: {temperature: 40}}]\n"
      "    expect: [{topic: sensors/7, data: {temp_f: 104, device: \"7\"}}]\n";
  EXPECT_EQ(run(test).failures, List{});
  const FlowTestResult exact = run(test + "    exact: true\n");
  ASSERT_EQ(exact.failures.size(), 1U);
  EXPECT_NE(exact.failures[0].find("data.temperature: not expected, got 40"), std::string::npos)
      << exact.failures[0];
}

TEST(FlowTest, LetsTimePassAsItSays) {
  const FlowTestResult result =
      run("    flow: sums\n"
          "    input:\n"
          "      - {topic: a, payload: {t: 1}}\n"
          "      - {topic: a, payload: {t: 3}, at: +5s}\n"
          "      - {topic: a, payload: {t: 5}, at: +6s}\n"
          "      - {at: +20s}\n"
          "    expect:\n"
          "      - {topic: a, data: {t_avg: 2, t_count: 2}}\n"
          "      - {topic: a, data: {t_avg: 5, t_count: 1}}\n");
  EXPECT_EQ(result.failures, List{});
}

TEST(FlowTest, ShowsDeadLettersAndFailsOnThoseItWasNotToldOf) {
  const std::string input =
      "    flow: telemetry\n"
      "    input: [{topic: sensors/7, payload: \"{broken\"}]\n";
  const FlowTestResult told = run(input + "    dead: [{topic: sensors/7, reason: invalid_json}]\n");
  EXPECT_EQ(told.failures, List{});
  const FlowTestResult not_told = run(input + "    expect: []\n");
  ASSERT_EQ(not_told.failures.size(), 1U);
  EXPECT_NE(not_told.failures[0].find("invalid_json"), std::string::npos);
}

TEST(FlowTest, WritesJunit) {
  const std::string xml = to_junit(
      {{.name = "a < \"b\"", .flow = "f", .failures = {"x & y"}, .records = {}, .dead = {}},
       {.name = "good", .flow = "f", .failures = {}, .records = {}, .dead = {}}});
  EXPECT_NE(xml.find("tests=\"2\" failures=\"1\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("name=\"a &lt; &quot;b&quot;\""), std::string::npos) << xml;
  EXPECT_NE(xml.find("x &amp; y"), std::string::npos) << xml;
}

TEST(JsonMatch, ComparesNumbersByValueAndListsInFull) {
  EXPECT_EQ(
      json_differences(R"({"a":1.0,"b":[1,2]})", R"({"a":1,"b":[1,2],"c":3})", MatchKind::Partial),
      List{});
  EXPECT_EQ(json_differences(R"({"b":[1,2]})", R"({"b":[1,3]})", MatchKind::Partial),
            List{"b[1]: expected 2, got 3"});
  EXPECT_EQ(json_differences(R"({"b":[1]})", R"({"b":[1,3]})", MatchKind::Partial),
            List{"b: expected 1 items, got 2"});
  EXPECT_EQ(json_differences(R"({"a":"1"})", R"({"a":1})", MatchKind::Partial),
            List{"a: expected \"1\", got 1"});
}

}  // namespace
}  // namespace sluice
