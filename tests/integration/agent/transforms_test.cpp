// Flows with steps, in a real agent behind a real broker.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::AgentSettings;
using testing_support::eventually;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::Outcome;
using testing_support::run;
using testing_support::TempDirectory;

class FlowWithSteps : public testing::Test {
 protected:
  FlowWithSteps() { std::filesystem::create_directory(directory_.file("out")); }

  // `flow` are further lines of the flow, each indented by four spaces.
  std::string sections(const std::string& flow) const {
    return "sources: {plant: {url: \"" + local_url("mqtt", broker_.port()) +
           "\", topics: [\"#\"]}}\nsinks: {out: {type: file, path: " + path_ +
           "}}\nflows:\n  sums:\n    from: [plant]\n    to: [out]\n" + flow;
  }

  void publish(const std::string& payload) const {
    const Outcome published =
        run({"mosquitto_pub", "-h", "127.0.0.1", "-p", std::to_string(broker_.port()), "-q", "1",
             "-t", "sensors/7", "-m", payload});
    ASSERT_EQ(published.code, 0) << published.text;
  }

  // All files of the sink, one behind the other.
  [[nodiscard]] std::string delivered() const {
    std::stringstream text;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.file("out"))) {
      text << std::ifstream(entry.path()).rdbuf();
    }
    return text.str();
  }

  // Of all windows so far.
  [[nodiscard]] int sum_of_counts() const {
    const std::string text = delivered();
    const std::regex count("\"t_count\":(\\d+)");
    int sum = 0;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), count);
         at != std::sregex_iterator(); ++at) {
      sum += std::stoi((*at)[1]);
    }
    return sum;
  }

  Mosquitto broker_;
  TempDirectory directory_;
  std::string path_ = directory_.file("out") + "/records.ndjson";
};

TEST_F(FlowWithSteps, DeliversWhatComesOutOfThem) {
  AgentSettings settings;
  settings.sections = sections(
      "    transforms:\n"
      "      - filter: \"t > 30\"\n"
      "      - set: {f: \"t * 2 + 1\"}\n"
      "      - topic_tags: \"sensors/{device}\"\n");
  AgentProcess agent(settings);
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  publish(R"({"t": 20})");
  publish(R"({"t": 40, "x": 1.50})");
  EXPECT_TRUE(eventually([&] { return delivered().find("\"f\":81") != std::string::npos; }))
      << delivered() << agent.log();
  EXPECT_NE(delivered().find(R"("data":{"t":40,"x":1.50,"f":81,"device":"7"}})"), std::string::npos)
      << delivered();
  EXPECT_EQ(delivered().find("\"t\":20"), std::string::npos) << delivered();
  EXPECT_EQ(agent.stop(), 0);
}

TEST_F(FlowWithSteps, AWindowOutlivesKillNine) {
  constexpr int kMessages = 12;
  AgentSettings settings;
  settings.admin = "off";
  settings.sections =
      sections("    transforms:\n      - window: {every: 4s, fields: {t: [count]}}\n");
  AgentProcess agent(settings);
  for (int i = 1; i <= kMessages; ++i) {
    agent.start();
    ASSERT_TRUE(eventually([&] {
      return agent.count_in_log("subscribed") >= static_cast<unsigned>(i);
    })) << agent.log();
    publish("{\"t\": " + std::to_string(i) + "}");
    // Acknowledged: from now on it is the agent's.
    ASSERT_TRUE(eventually([&] {
      return agent.status().find("\"acknowledged\":1,") != std::string::npos;
    })) << agent.status();
    agent.kill();
  }
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > kMessages; }))
      << agent.log();
  EXPECT_TRUE(eventually([&] { return sum_of_counts() == kMessages; }))
      << delivered() << agent.log();
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(sum_of_counts(), kMessages) << delivered();
}

TEST_F(FlowWithSteps, WhatCannotBeDecodedIsKeptAndGoesThroughTheFlowAgain) {
  AgentSettings settings;
  settings.sections = sections("    decode: json\n");
  AgentProcess agent(settings);
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  publish("not json");
  const auto tool = [&](std::vector<std::string> words) {
    words.insert(words.begin(), SLUICE_BINARY);
    words.insert(words.end(), {"-c", agent.config()});
    return run(words);
  };
  ASSERT_TRUE(eventually([&] {
    return tool({"dead", "ls"}).text.find("invalid_json") != std::string::npos;
  })) << tool({"dead", "ls"}).text;
  // As the flow is now it cannot be decoded either.
  const Outcome same = tool({"dead", "retry"});
  EXPECT_EQ(same.code, 0) << same.text;
  ASSERT_TRUE(eventually([&] {
    return agent.status().find("\"retried_input\":1") != std::string::npos;
  })) << agent.status();
  EXPECT_NE(tool({"dead", "ls"}).text.find("invalid_json"), std::string::npos);
  EXPECT_EQ(agent.stop(), 0);

  std::ifstream old(agent.config());
  std::stringstream text;
  text << old.rdbuf();
  std::ofstream(agent.config()) << std::regex_replace(text.str(), std::regex("decode: json"),
                                                      "decode: text");
  agent.start();
  ASSERT_TRUE(eventually([&] {
    return tool({"dead", "retry"}).code == 0;
  })) << tool({"dead", "retry"}).text;
  EXPECT_TRUE(eventually([&] { return delivered().find("not json") != std::string::npos; }))
      << delivered();
  EXPECT_TRUE(eventually([&] {
    return tool({"dead", "ls"}).text == "no dead letters\n";
  })) << tool({"dead", "ls"}).text;
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace sluice
