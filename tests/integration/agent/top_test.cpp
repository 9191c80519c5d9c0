// sluice top of a real agent: on a terminal, as text, as JSON.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"
#include "tests/support/tmux_screen.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
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
using testing_support::TmuxScreen;
using testing_support::wait_for_subscription;

constexpr std::uint64_t kMessages = 500;

class Top : public testing::Test {
 protected:
  Top()
      : broker_({.verbose = true}),
        agent_({.broker_url = local_url("mqtt", broker_.port()),
                .sink_url = local_url("http", receiver_.port())}) {}

  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(wait_for_subscription(broker_)) << agent_.log();
  }

  [[nodiscard]] std::vector<std::string> top(const std::vector<std::string>& options) const {
    std::vector<std::string> words{SLUICE_BINARY, "top", "-c", agent_.config()};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }

  // Says how top has ended, on the screen that it has given back.
  [[nodiscard]] std::vector<std::string> top_and_its_end() const {
    std::vector<std::string> words{"sh", "-c", R"("$@"; echo "top ended with $?"; read line)",
                                   "sh"};
    const std::vector<std::string> command = top({"--interval", "100ms"});
    words.insert(words.end(), command.begin(), command.end());
    return words;
  }

  void load() {
    Load load(broker_.port(), {.count = kMessages});
    ASSERT_TRUE(load.finish());
  }

  Mosquitto broker_;
  lab::Receiver receiver_{{}};
  AgentProcess agent_;
};

TEST_F(Top, ShowsFlowsAndADeadSinkOnASmallTerminal) {
  receiver_.behave({.status = 503});
  TmuxScreen screen(top_and_its_end(), 80, 24);
  ASSERT_TRUE(screen.shows("q quit   s sort by: name")) << screen.text();
  Load load(broker_.port(), {.rate = 100});
  ASSERT_TRUE(screen.shows("takes nothing")) << screen.text();
  EXPECT_TRUE(screen.shows("sink cloud takes nothing: 503 Service Unavailable")) << screen.text();
  EXPECT_TRUE(screen.shows("█")) << "a plot: " << screen.text();
  EXPECT_TRUE(screen.shows("stuck")) << screen.text();
  const std::vector<std::string> lines = screen.lines();
  ASSERT_EQ(lines.size(), 24U);
  EXPECT_TRUE(lines.front().starts_with("sluice top  test  degraded ")) << screen.text();
  EXPECT_TRUE(lines.back().starts_with("q quit")) << screen.text();
  EXPECT_TRUE(std::ranges::any_of(lines, [](const std::string& line) {
    return line.starts_with("telemetry ") && line.find("stuck") != std::string::npos;
  })) << screen.text();

  screen.type("s");
  EXPECT_TRUE(screen.shows("s sort by: backlog")) << screen.text();
  screen.type("Enter");
  EXPECT_TRUE(screen.shows("ledger: received ")) << screen.text();
  screen.type("Down");
  screen.type("Enter");
  EXPECT_TRUE(screen.shows(local_url("http", receiver_.port()))) << screen.text();
  screen.type("Enter");
  EXPECT_TRUE(eventually([&] { return screen.text().find("http:") == std::string::npos; }));

  receiver_.behave({});
  EXPECT_TRUE(screen.shows("delivering")) << screen.text();
  EXPECT_TRUE(screen.shows("test  ok ")) << screen.text();
  screen.type("q");
  EXPECT_TRUE(screen.shows("top ended with 0")) << screen.text();
  EXPECT_TRUE(load.finish());
}

TEST_F(Top, FollowsTheSizeOfItsTerminalAndWaitsForItsAgent) {
  TmuxScreen screen(top_and_its_end(), 80, 24);
  ASSERT_TRUE(screen.shows("connected")) << screen.text();
  screen.resize(132, 40);
  EXPECT_TRUE(eventually([&] {
    const std::vector<std::string> lines = screen.lines();
    return lines.size() == 40 && lines.back().starts_with("q quit") && lines.front().size() == 132;
  })) << screen.text();
  screen.resize(50, 6);
  EXPECT_TRUE(eventually([&] {
    const std::vector<std::string> lines = screen.lines();
    return lines.size() == 6 && lines.back().starts_with("q quit") &&
           screen.text().find("telemetry") != std::string::npos;
  })) << screen.text();
  screen.resize(80, 24);
  agent_.kill();
  EXPECT_TRUE(screen.shows("no answer since: no agent is running in")) << screen.text();
  EXPECT_TRUE(screen.shows("telemetry")) << "the last figures: " << screen.text();
  agent_.start();
  EXPECT_TRUE(eventually([&] { return screen.text().find("no answer") == std::string::npos; }))
      << screen.text();
  screen.type("q");
  EXPECT_TRUE(screen.shows("top ended with 0")) << screen.text();
}

TEST_F(Top, IsPlainTextOnce) {
  load();
  ASSERT_TRUE(eventually([&] { return receiver_.counts().distinct == kMessages; }));
  const Outcome once = run(top({"--once"}));
  EXPECT_EQ(once.code, 0) << once.text;
  EXPECT_TRUE(once.text.starts_with("sluice top  test  ok ")) << once.text;
  EXPECT_NE(once.text.find("\nFLOW "), std::string::npos) << once.text;
  EXPECT_NE(once.text.find("\ntelemetry "), std::string::npos) << once.text;
  EXPECT_NE(once.text.find("\ncloud "), std::string::npos) << once.text;
  EXPECT_NE(once.text.find("\nplant "), std::string::npos) << once.text;
  EXPECT_EQ(once.text.find('\x1b'), std::string::npos) << "nothing that a terminal obeys";
  EXPECT_TRUE(std::ranges::all_of(once.text, [](unsigned char c) { return c < 0x80; }));
}

TEST_F(Top, IsTheStatusAsJson) {
  const Outcome once = run(top({"--once", "--json"}));
  EXPECT_EQ(once.code, 0) << once.text;
  EXPECT_TRUE(once.text.starts_with("{\"version\":")) << once.text;
  EXPECT_EQ(occurrences(once.text, "\n"), 1U) << once.text;
  const TempDirectory directory;
  const Process stream({.arguments = top({"--json", "--interval", "10ms"}),
                        .output = directory.file("out"),
                        .environment = {}});
  EXPECT_TRUE(eventually([&] {
    std::stringstream text;
    text << std::ifstream(directory.file("out")).rdbuf();
    return occurrences(text.str(), "\n{\"version\":") >= 2;
  }));
}

TEST_F(Top, SaysWhatToDoWithoutAnAgentOrATerminal) {
  Outcome outcome = run(
      {"sh", "-c", R"(exec "$@" </dev/null)", "sh", SLUICE_BINARY, "top", "-c", agent_.config()});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.text,
            "sluice top: this is not a terminal: use --once for text, --json for figures\n");
  outcome = run({"sh", "-c", R"(TERM=unheard-of "$@")", "sh", "script", "-qec",
                 std::string(SLUICE_BINARY) + " top -c " + agent_.config(), "/dev/null"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_NE(outcome.text.find("the terminal \"unheard-of\" is not known here"), std::string::npos)
      << outcome.text;
  EXPECT_EQ(agent_.stop(), 0);
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--once"}, {"--json"}, {}}) {
    outcome = run(top(options));
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.text.find("sluice top: no agent is running in " + agent_.data_dir()), 0U)
        << outcome.text;
  }
  EXPECT_EQ(run(top({"--interval", "0s"})).code, 2) << "wrong usage";
}

}  // namespace
}  // namespace sluice
