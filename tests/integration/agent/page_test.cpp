// The page of a real agent in a real browser. What the visitor does is in page_in_browser.py.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::free_port;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::Process;
using testing_support::TempDirectory;
using testing_support::wait_for_subscription;

constexpr double kRate = 100;  // messages a second

class ThePage : public testing::Test {
 protected:
  explicit ThePage(const std::string& admin_extra = "")
      : broker_({.verbose = true}),
        port_(free_port()),
        agent_({.broker_url = local_url("mqtt", broker_.port()),
                .sink_url = local_url("http", receiver_.port()),
                .retry = "{initial: 50ms, max: 4s}",  // long enough to be seen
                .admin = "\"127.0.0.1:" + std::to_string(port_) + '"' + admin_extra}) {}

  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(wait_for_subscription(broker_)) << agent_.log();
  }

  // Somebody who opens the page and looks.
  Process visitor(const std::string& visit) {
    const std::string source = SLUICE_SOURCE_DIR;
    const std::string build = SLUICE_BUILD_DIR;
    return Process(
        {.arguments = {SLUICE_DEBIAN_PYTHON, source + "/tests/integration/agent/page_in_browser.py",
                       visit, local_url("http", port_, "/"), directory_.path(), build + "/page"},
         .output = directory_.file("log"),
         .environment = {}});
  }

  // Waits until the visitor has got so far, or has given up.
  [[nodiscard]] bool told(Process& visitor, const std::string& word) const {
    const auto there = [&] { return std::filesystem::exists(directory_.file(word)); };
    return eventually([&] { return there() || !visitor.running(); }, kPatience) && there();
  }

  void expect_content(Process& visitor) const {
    EXPECT_EQ(visitor.wait(kPatience), 0) << words() << agent_.log();
  }

  [[nodiscard]] std::string words() const {
    std::stringstream text;
    text << std::ifstream(directory_.file("log")).rdbuf();
    return text.str();
  }

  static constexpr std::chrono::seconds kPatience{200};  // longer than the visitor's own

  const TempDirectory directory_;
  Mosquitto broker_;
  lab::Receiver receiver_{{}};
  std::uint16_t port_;
  AgentProcess agent_;
};

TEST_F(ThePage, MovesWithTheFiguresUnderLoad) {
  Load load(broker_.port(), {.rate = kRate});
  Process visit = visitor("load");
  expect_content(visit);
  EXPECT_TRUE(load.finish());
}

TEST_F(ThePage, ShowsASinkThatTakesNothingAndThatItDoesAgain) {
  Load load(broker_.port(), {.rate = kRate});
  Process visit = visitor("dead_sink");
  ASSERT_TRUE(told(visit, "ready")) << words();
  receiver_.behave({.status = 503});
  ASSERT_TRUE(told(visit, "seen")) << words();
  receiver_.behave({});
  expect_content(visit);
  EXPECT_TRUE(load.finish());
  for (const char* name : {"desktop-light", "desktop-dark", "phone-light", "phone-dark"}) {
    EXPECT_TRUE(std::filesystem::exists(std::string(SLUICE_BUILD_DIR "/page/") + name + ".png"));
  }
}

TEST_F(ThePage, SaysThatTheAgentIsAwayAndGoesOnWhenItIsBack) {
  Process visit = visitor("agent_away");
  ASSERT_TRUE(told(visit, "ready")) << words();
  agent_.kill();
  ASSERT_TRUE(told(visit, "seen")) << words();
  agent_.start();
  expect_content(visit);
}

class ThePageBehindAToken : public ThePage {
 protected:
  ThePageBehindAToken() : ThePage(", token: secret-of-this-test-0123456789") {}
};

TEST_F(ThePageBehindAToken, AsksForIt) {
  Process visit = visitor("token");
  expect_content(visit);
}

}  // namespace
}  // namespace sluice
