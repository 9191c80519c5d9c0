// The real program as a tool: while its agent runs, and when that is stopped.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::free_port;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::Outcome;
using testing_support::Process;
using testing_support::run;
using testing_support::TempDirectory;
using testing_support::wait_for_subscription;

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count(text, '\n'));
}

constexpr std::uint64_t kMessages = 2'000;

// An agent whose receiver takes nothing, so that everything stays in the buffer.
class ToolsOfAnAgent : public testing::Test {
 protected:
  ToolsOfAnAgent()
      : broker_({.verbose = true}),
        port_(free_port()),
        agent_({.broker_url = local_url("mqtt", broker_.port()),
                .sink_url = local_url("http", receiver_.port()),
                .admin = "127.0.0.1:" + std::to_string(port_)}) {
    receiver_.behave({.status = 503});
  }

  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(wait_for_subscription(broker_)) << agent_.log();
    Load load(broker_.port(), {.count = kMessages});
    ASSERT_TRUE(load.finish());
    ASSERT_TRUE(eventually([&] {
      return curl("/buffer/stats").text.find("\"last_seq\":2000,") != std::string::npos;
    })) << agent_.log();
  }

  Outcome tool(std::vector<std::string> words) {
    words.insert(words.begin(), SLUICE_BINARY);
    words.insert(words.end(), {"-c", agent_.config()});
    return run(words);
  }
  Outcome tool_on_directory(std::vector<std::string> words) {
    words.insert(words.begin(), SLUICE_BINARY);
    words.insert(words.end(), {"--data-dir", agent_.data_dir()});
    return run(words);
  }
  Outcome curl(const std::string& path, const std::vector<std::string>& options = {}) {
    std::vector<std::string> all{"curl", "-s", "--max-time", "20"};
    all.insert(all.end(), options.begin(), options.end());
    all.push_back("http://127.0.0.1:" + std::to_string(port_) + path);
    return run(all);
  }

  // What holds whether the agent runs or not.
  void expect_everything_is_seen() {
    const Outcome ls = tool({"buffer", "ls"});
    EXPECT_EQ(ls.code, 0) << ls.text;
    EXPECT_NE(ls.text.find("telemetry"), std::string::npos) << ls.text;
    EXPECT_NE(ls.text.find("2,000"), std::string::npos) << ls.text;
    const Outcome json = tool({"buffer", "ls", "--json"});
    EXPECT_NE(json.text.find("\"records\":2000"), std::string::npos) << json.text;
    const Outcome all = tool({"buffer", "show"});
    EXPECT_EQ(all.code, 0);
    EXPECT_EQ(lines_in(all.text), kMessages);
    EXPECT_TRUE(all.text.starts_with("{\"seq\":1,")) << all.text.substr(0, 100);
    const Outcome some = tool({"buffer", "show", "--flow", "telemetry", "--seq", "10-12"});
    EXPECT_EQ(lines_in(some.text), 3U);
    EXPECT_TRUE(some.text.starts_with("{\"seq\":10,")) << some.text;
    const Outcome verify = tool({"buffer", "verify"});
    EXPECT_EQ(verify.code, 0) << verify.text;
    EXPECT_NE(verify.text.find("2,000 record(s)"), std::string::npos) << verify.text;
    const Outcome stats = tool({"buffer", "stats", "--json"});
    EXPECT_NE(stats.text.find("\"last_seq\":2000"), std::string::npos) << stats.text;
    const Outcome dead = tool({"dead", "ls"});
    EXPECT_EQ(dead.code, 0);
    EXPECT_EQ(dead.text, "no dead letters\n");
    const TempDirectory directory;
    const Outcome exported = tool({"buffer", "export", "-o", directory.file("all.zst")});
    EXPECT_EQ(exported.code, 0) << exported.text;
    const Outcome unpacked = run({"zstd", "-dc", directory.file("all.zst")});
    EXPECT_EQ(unpacked.text, all.text) << "the ordinary zstd reads it";
    const Outcome by_directory = tool_on_directory({"buffer", "show"});
    EXPECT_EQ(by_directory.text, all.text);
  }

  Mosquitto broker_;
  lab::Receiver receiver_{{}};
  std::uint16_t port_;
  AgentProcess agent_;
};

TEST_F(ToolsOfAnAgent, SeeEverythingWhileItRuns) {
  expect_everything_is_seen();
  receiver_.behave({});
  EXPECT_TRUE(eventually([&] { return receiver_.counts().distinct == kMessages; }));
  EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ToolsOfAnAgent, SeeEverythingWhenItIsStopped) {
  ASSERT_EQ(agent_.stop(), 0);
  EXPECT_FALSE(std::filesystem::exists(agent_.data_dir() + "/sluice.sock"));
  expect_everything_is_seen();
}

TEST_F(ToolsOfAnAgent, SeeEverythingWhenItWasKilledAndTakeNothingAway) {
  agent_.kill();
  EXPECT_TRUE(std::filesystem::exists(agent_.data_dir() + "/sluice.sock")) << "left behind";
  expect_everything_is_seen();
  receiver_.behave({});
  agent_.start();
  EXPECT_TRUE(eventually([&] { return receiver_.counts().distinct == kMessages; }));
  EXPECT_EQ(tool({"buffer", "verify"}).code, 0) << "the socket is there again";
  EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ToolsOfAnAgent, PurgeWhileItRuns) {
  const Outcome asked = tool({"buffer", "purge"});
  EXPECT_EQ(asked.code, 1) << "there is no terminal to ask on";
  EXPECT_NE(asked.text.find("--yes"), std::string::npos) << asked.text;
  const Outcome purged = tool({"buffer", "purge", "--flow", "telemetry", "--yes"});
  EXPECT_EQ(purged.code, 0) << purged.text;
  EXPECT_TRUE(purged.text.starts_with("purged 2,000 record(s)")) << purged.text;
  EXPECT_EQ(lines_in(tool({"buffer", "show"}).text), 0U);
  EXPECT_NE(tool({"buffer", "ls", "--json"}).text.find("\"dropped_purged\":2000"),
            std::string::npos);
  EXPECT_GE(agent_.count_in_log("audit request=\"POST\" target=\"/buffer/purge?flow=telemetry\""),
            1U)
      << agent_.log();
  receiver_.behave({});
  Load load(broker_.port(), {.count = 100});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver_); })) << "it goes on";
  EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ToolsOfAnAgent, PurgeWhenItIsStopped) {
  ASSERT_EQ(agent_.stop(), 0);
  const Outcome purged = tool_on_directory({"buffer", "purge", "--yes"});
  EXPECT_EQ(purged.code, 0) << purged.text;
  EXPECT_EQ(lines_in(tool({"buffer", "show"}).text), 0U);
  receiver_.behave({});
  agent_.start();
  ASSERT_TRUE(wait_for_subscription(broker_, 2));
  Load load(broker_.port(), {.count = 100});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver_); }));
  EXPECT_EQ(agent_.stop(), 0);
}

TEST_F(ToolsOfAnAgent, KeepItFromStartingWhileTheyHoldTheFile) {
  ASSERT_EQ(agent_.stop(), 0);
  const TempDirectory directory;
  // A pipe that nobody reads keeps the tool where it is.
  const std::string pipe = directory.file("pipe");
  ASSERT_EQ(run({"mkfifo", pipe}).code, 0);
  Process holding({.arguments = {"sh", "-c",
                                 std::string("exec ") + SLUICE_BINARY + " buffer show -c " +
                                     agent_.config() + " > " + pipe},
                   .output = directory.file("log"),
                   .environment = {}});
  std::ifstream reader(pipe);
  std::string line;
  ASSERT_TRUE(std::getline(reader, line));
  agent_.start();
  EXPECT_EQ(agent_.wait_for_exit(), 1) << agent_.log();
  EXPECT_NE(agent_.log().find("is in use by process"), std::string::npos) << agent_.log();
}

TEST_F(ToolsOfAnAgent, ShareThePortWithNobodyWhoMayNotSeeRecords) {
  EXPECT_EQ(curl("/livez").text, "ok\n");
  const Outcome status = curl("/status");
  EXPECT_NE(status.text.find("\"agent\":\"test\""), std::string::npos) << status.text;
  EXPECT_NE(status.text.find("\"received\":2000"), std::string::npos) << status.text;
  EXPECT_NE(status.text.find("\"sinks\":{\"cloud\":{"), std::string::npos) << status.text;
  EXPECT_NE(status.text.find("\"ledger\":{"), std::string::npos) << status.text;
  EXPECT_NE(curl("/buffer/export").text.find("\"error\""), std::string::npos);
  EXPECT_NE(curl("/buffer/purge", {"-X", "POST"}).text.find("\"error\""), std::string::npos);
  EXPECT_NE(curl("/status", {"-H", "Host: evil.example"}).text.find("\"error\""),
            std::string::npos);
  EXPECT_EQ(lines_in(tool({"buffer", "show"}).text), kMessages) << "nothing was purged";
  EXPECT_EQ(agent_.stop(), 0);
}

// A sink that takes nothing degrades; a broker that is away is a failure, and ends by itself.
TEST_F(ToolsOfAnAgent, SayHowTheAgentIs) {
  const auto ready = [this](const std::string& what) {
    return eventually([&] { return curl("/readyz").text.find(what) != std::string::npos; });
  };
  EXPECT_TRUE(ready("\"state\":\"degraded\",\"reasons\":[{\"code\":\"sink_paused\""));
  EXPECT_NE(curl("/readyz").text.find("503"), std::string::npos) << "what the receiver says";
  EXPECT_EQ(curl("/readyz", {"-f"}).code, 0);
  Outcome health = tool({"health"});
  EXPECT_EQ(health.code, 0) << "it collects";
  EXPECT_EQ(health.text.find("degraded\n  sink_paused: "), 0U) << health.text;
  broker_.stop();
  EXPECT_TRUE(ready("\"state\":\"failing\",\"reasons\":[{\"code\":\"source_disconnected\""));
  EXPECT_NE(curl("/readyz", {"-f"}).code, 0);
  health = tool({"health"});
  EXPECT_EQ(health.code, 1);
  EXPECT_EQ(health.text.find("sluice health: "), 0U) << health.text;
  EXPECT_NE(health.text.find("503"), std::string::npos) << "all reasons: " << health.text;
  broker_.start();
  EXPECT_TRUE(ready("\"state\":\"degraded\""));
  receiver_.behave({});
  EXPECT_TRUE(ready("{\"state\":\"ok\",\"reasons\":[]}"));
  EXPECT_EQ(tool({"health"}).text, "ok\n");
  EXPECT_EQ(tool({"health", "--json"}).text, "{\"state\":\"ok\",\"reasons\":[]}\n");
  EXPECT_EQ(agent_.stop(), 0);
  health = tool({"health"});
  EXPECT_EQ(health.code, 1);
  EXPECT_NE(health.text.find("sluice.sock"), std::string::npos) << health.text;
}

TEST(AdminPort, ThatIsTakenDoesNotKeepAnAgentFromCollecting) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .admin = "127.0.0.1:" + std::to_string(receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();
  Load load(broker.port(), {.count = 100});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); }));
  EXPECT_EQ(agent.count_in_log("admin endpoint cannot listen"), 1U) << agent.log();
  EXPECT_EQ(run({SLUICE_BINARY, "buffer", "ls", "-c", agent.config()}).code, 0)
      << "the tools have a way of their own";
  EXPECT_EQ(agent.stop(), 0);
}

TEST(ToolCommandLine, AnswersWrongUsageWithTwoAndABadConfigurationWithSeventyEight) {
  const TempDirectory directory;
  const std::string empty = directory.path();
  const std::string bad = directory.file("bad.yaml");
  std::ofstream(bad) << "sources: 7\n";
  const std::vector<std::vector<std::string>> wrong{
      {"buffer"},
      {"buffer", "fly"},
      {"dead"},
      {"buffer", "show", "--data-dir", empty, "--seq", "9-1"},
      {"buffer", "show", "--data-dir", empty, "--limit", "many"},
      {"buffer", "export", "--data-dir", empty, "--resume"},
      {"buffer", "purge", "--data-dir", empty, "--before", "soon"},
      {"dead", "ls", "--data-dir", empty, "--id", "x"},
      {"buffer", "ls", "--data-dir", empty, "-c", bad}};
  for (std::vector<std::string> words : wrong) {
    words.insert(words.begin(), SLUICE_BINARY);
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(words) << outcome.text;
  }
  EXPECT_EQ(run({SLUICE_BINARY, "buffer", "ls", "-c", bad}).code, 78);
  const Outcome nothing = run({SLUICE_BINARY, "buffer", "ls", "--data-dir", empty});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_NE(nothing.text.find("there is no buffer in"), std::string::npos) << nothing.text;
  for (const char* command : {"ls", "show", "export", "verify", "purge", "stats"}) {
    const Outcome help = run({SLUICE_BINARY, "buffer", command, "--help"});
    EXPECT_EQ(help.code, 0) << command;
    EXPECT_NE(help.text.find("Exit codes"), std::string::npos) << command;
  }
}

}  // namespace
}  // namespace sluice
