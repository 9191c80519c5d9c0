// Records of a running agent, live; and its own figures as records.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::occurrences;
using testing_support::Outcome;
using testing_support::Process;
using testing_support::run;
using testing_support::TempDirectory;

class TapOfARunningAgent : public testing::Test {
 protected:
  TapOfARunningAgent()
      : agent_({.broker_url = local_url("mqtt", broker_.port()),
                .sink_url = local_url("http", receiver_.port())}) {}

  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(eventually([&] { return agent_.count_in_log("subscribed") > 0; })) << agent_.log();
  }

  // What the tap has shown when it ends by itself, while a load passes.
  Outcome tap(const std::vector<std::string>& options) {
    const TempDirectory directory;
    std::vector<std::string> words{SLUICE_BINARY, "tap", "telemetry", "-c", agent_.config()};
    words.insert(words.end(), options.begin(), options.end());
    Process process({.arguments = words, .output = directory.file("out"), .environment = {}});
    Load load(broker_.port(), {.rate = 500});
    const auto code = process.wait(std::chrono::seconds(30));
    EXPECT_TRUE(load.finish());
    return {code.value_or(-1), run({"cat", directory.file("out")}).text};
  }

  const Mosquitto broker_;
  lab::Receiver receiver_{{}};
  AgentProcess agent_;
};

TEST_F(TapOfARunningAgent, ShowsRecordsAsTheyAreStored) {
  const Outcome shown = tap({"--count", "5", "--json"});
  EXPECT_EQ(shown.code, 0) << shown.text;
  EXPECT_EQ(occurrences(shown.text, "\n"), 5U) << shown.text;
  EXPECT_EQ(occurrences("\n" + shown.text, "\n{\"seq\":"), 5U) << shown.text;
}

TEST_F(TapOfARunningAgent, ShowsRecordsInWords) {
  const Outcome shown = tap({"--count", "3", "--topic", "sensors/#"});
  EXPECT_EQ(shown.code, 0) << shown.text;
  EXPECT_EQ(occurrences(shown.text, "Z sensors/"), 3U) << shown.text;
}

TEST_F(TapOfARunningAgent, EndsWithTheAgent) {
  const TempDirectory directory;
  Process process(
      {.arguments = {SLUICE_BINARY, "tap", "telemetry", "-c", agent_.config(), "--rate", "1000"},
       .output = directory.file("out"),
       .environment = {}});
  Load load(broker_.port(), {.rate = 500});
  ASSERT_TRUE(eventually([&] {
    return occurrences(run({"cat", directory.file("out")}).text, "\n") > 2;
  }));
  ASSERT_TRUE(load.finish());
  EXPECT_EQ(agent_.stop(), 0);
  EXPECT_EQ(process.wait(std::chrono::seconds(30)), 1);
}

TEST_F(TapOfARunningAgent, SaysWhichFlowsThereAre) {
  const Outcome refused = run({SLUICE_BINARY, "tap", "telemetri", "-c", agent_.config()});
  EXPECT_EQ(refused.code, 1);
  EXPECT_NE(refused.text.find("there are: telemetry"), std::string::npos) << refused.text;
}

TEST(OwnFiguresOfAnAgent, ArriveAsRecordsOfAFlow) {
  const TempDirectory directory;
  lab::Receiver receiver({.ndjson = directory.file("lines")});
  AgentProcess agent({.sections = "sources:\n  self: {type: internal, every: 1s}\n"
                                  "flows:\n  health: {from: [self], to: [cloud]}\n"
                                  "sinks:\n  cloud: {type: http, url: \"" +
                                  local_url("http", receiver.port()) + "\"}\n"});
  agent.start();
  const auto lines = [&] {
    std::ifstream file(directory.file("lines"));
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  ASSERT_TRUE(eventually([&] {
    return occurrences(lines(), "\"topic\":\"sluice/test/status\",\"data\":{\"version\":") >= 3;
  })) << lines()
      << agent.log();
  EXPECT_NE(lines().find("\"health\":\"ok\""), std::string::npos) << lines();
  EXPECT_NE(lines().find("\"flows\":{\"health\":{\"records\":1,"), std::string::npos)
      << "the second of them tells of the first: " << lines();
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace sluice
