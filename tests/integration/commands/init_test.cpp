// `sluice init`, with flags and with somebody who types.
#include "tests/integration/commands/program.h"
#include "tests/lab/receiver.h"
#include "tests/support/mosquitto.h"
#include "tests/support/terminal.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace sluice::testing_support {
namespace {

class Init : public testing::Test {
 protected:
  // Everything that is needed, to places where nobody is.
  [[nodiscard]] std::vector<std::string> flags(std::vector<std::string> more = {}) const {
    std::vector<std::string> all{"init",     "--output",     file_,
                                 "--broker", nobody("mqtt"), "--topic",
                                 "a/#",      "--endpoint",   nobody("http") + "/in"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  static std::string nobody(const std::string& scheme) { return scheme + "://127.0.0.1:1"; }
  static std::string local(const std::string& scheme, std::uint16_t port) {
    return scheme + "://127.0.0.1:" + std::to_string(port);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
  }
  [[nodiscard]] bool exists() const { return std::filesystem::exists(file_); }
  [[nodiscard]] std::string in_force() const {
    return run_sluice({"check", "--print-effective", "-c", file_}).text;
  }

  TempDirectory directory_;
  std::string file_ = directory_.file("sluice.yaml");
};

TEST_F(Init, WritesAFileThatPassesTheCheckAndOnlyItsGroupMayRead) {
  const Outcome outcome = run_sluice(flags({"--topic", "b/+/\"$x", "--no-connect"}));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_EQ(mode_of(file_), 0640U);
  const Outcome checked = run_sluice({"check", "-c", file_});
  EXPECT_EQ(checked.code, 0) << checked.text;
  EXPECT_FALSE(has(checked, "warning")) << checked.text;
  const std::string text = in_force();
  for (const char* part : {"mqtt://127.0.0.1:1", "a/#", "b/+/\\\"$", "http://127.0.0.1:1/in"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << '\n' << text;
  }
  EXPECT_NE(content_of(file_).find("\n# "), std::string::npos) << "comments";
}

TEST_F(Init, NeverReplacesAFileUnlessForced) {
  std::ofstream(file_) << "mine\n";
  const Outcome outcome = run_sluice(flags({"--no-connect", "--yes"}));
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "--force")) << outcome.text;
  EXPECT_EQ(content_of(file_), "mine\n");
  EXPECT_EQ(run_sluice(flags({"--no-connect", "--force"})).code, 0);
  EXPECT_EQ(run_sluice({"check", "-c", file_}).code, 0);
  EXPECT_EQ(mode_of(file_), 0640U);
}

TEST_F(Init, NamesEveryMissingFlagAtOnceWhereNobodyCanBeAsked) {
  const Outcome outcome = run_sluice({"init", "-o", file_});
  EXPECT_EQ(outcome.code, 2) << outcome.text;
  EXPECT_TRUE(has(outcome, "needed: --broker URL, --topic FILTER, --endpoint URL")) << outcome.text;
  EXPECT_FALSE(exists());
}

TEST_F(Init, NamesEveryFlagThatIsWrong) {
  const Outcome outcome = run_sluice({"init", "-o", file_, "--broker", "ftp://x", "--topic",
                                      "a/#/b", "--endpoint", "nonsense", "--no-connect"});
  EXPECT_EQ(outcome.code, 2) << outcome.text;
  for (const char* flag : {"--broker: ", "--topic: ", "--endpoint: "}) {
    EXPECT_TRUE(has(outcome, flag)) << outcome.text;
  }
  EXPECT_FALSE(exists());
}

TEST_F(Init, TriesTheConnectionsAndWritesNothingIfTheyFail) {
  const Outcome outcome = run_sluice(flags());
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  source ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  sink ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "--no-connect")) << outcome.text;
  EXPECT_FALSE(exists());
  EXPECT_EQ(run_sluice(flags({"--yes"})).code, 0);
  EXPECT_TRUE(exists());
}

TEST_F(Init, PutsPasswordsIntoFilesOfTheirOwnAndUsesThem) {
  const Mosquitto broker({.username = "box", .password = "p@ss \"$word"});
  std::string authorization;
  lab::Receiver receiver({});
  receiver.follow([&](const auto& headers, const std::string& /*body*/) {
    authorization = headers.count("authorization") == 0 ? "" : headers.at("authorization");
    return lab::Behaviour{};
  });
  const std::string port = std::to_string(broker.port());
  const Outcome outcome =
      run_sluice({"init", "-o", file_, "--broker",
                  "mqtt://box:p%40ss%20%22%24word@127.0.0.1:" + port, "--topic", "#", "--endpoint",
                  "http://web:s3cret@127.0.0.1:" + std::to_string(receiver.port()) + "/in"});
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_EQ(authorization, "Basic d2ViOnMzY3JldA==");
  EXPECT_EQ(content_of(directory_.file("local.password")), "p@ss \"$word\n");
  EXPECT_EQ(content_of(directory_.file("cloud.password")), "s3cret\n");
  EXPECT_EQ(mode_of(directory_.file("cloud.password")), 0640U);
  for (const char* secret : {"s3cret", "p@ss", "p%40ss"}) {
    EXPECT_EQ(content_of(file_).find(secret), std::string::npos) << content_of(file_);
    EXPECT_FALSE(has(outcome, secret)) << outcome.text;
  }
  // What was written works as what was tried did.
  const Outcome again = run_sluice({"check", "--connect", "-c", file_});
  EXPECT_EQ(again.code, 0) << again.text;
  EXPECT_FALSE(has(again, "warning")) << again.text;
  EXPECT_EQ(authorization, "Basic d2ViOnMzY3JldA==");
}

TEST_F(Init, LeavesNothingBehindIfItCannotWriteEverything) {
  std::ofstream(directory_.file("cloud.password")) << "of somebody else\n";
  const Outcome outcome =
      run_sluice({"init", "-o", file_, "--broker", "mqtt://a:b@127.0.0.1:1", "--topic", "#",
                  "--endpoint", "http://a:b@127.0.0.1:1/", "--no-connect"});
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "cloud.password")) << outcome.text;
  EXPECT_FALSE(exists());
  EXPECT_FALSE(std::filesystem::exists(directory_.file("local.password")));
  EXPECT_EQ(content_of(directory_.file("cloud.password")), "of somebody else\n");
}

TEST_F(Init, SaysWhatToDoIfTheDirectoryIsNotThere) {
  file_ = directory_.file("nowhere/sluice.yaml");
  const Outcome outcome = run_sluice(flags({"--no-connect"}));
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "make the directory first")) << outcome.text;
}

TEST_F(Init, AsksOnATerminalAndAsksAgainForWhatIsWrong) {
  const Mosquitto broker;
  const lab::Receiver receiver({});
  Terminal terminal({SLUICE_BINARY, "init", "-o", file_});
  ASSERT_TRUE(terminal.shows("Broker, as a URL [mqtt://localhost:1883]: "));
  terminal.type("http://wrong\n");
  ASSERT_TRUE(terminal.shows("mqtts")) << terminal.everything();  // the reason
  ASSERT_TRUE(terminal.shows("Broker, as a URL [")) << terminal.everything();
  terminal.type(local("mqtt", broker.port()) + '\n');
  ASSERT_TRUE(terminal.shows("Topics, separated by commas [#]: ")) << terminal.everything();
  terminal.type("x/#/y\n");
  ASSERT_TRUE(terminal.shows("Topics, separated by commas [#]: ")) << terminal.everything();
  terminal.type("\n");
  ASSERT_TRUE(terminal.shows("Where records go, as an http or https URL: "))
      << terminal.everything();
  terminal.type("\n");
  ASSERT_TRUE(terminal.shows("an answer is needed")) << terminal.everything();
  terminal.type(local("http", receiver.port()) + "/in\n");
  ASSERT_TRUE(terminal.shows("ok      source")) << terminal.everything();
  ASSERT_TRUE(terminal.shows("ok      sink")) << terminal.everything();
  ASSERT_TRUE(terminal.shows("wrote " + file_)) << terminal.everything();
  EXPECT_EQ(terminal.wait(), 0) << terminal.everything();
  EXPECT_EQ(run_sluice({"check", "--connect", "-c", file_}).code, 0);
  EXPECT_NE(content_of(file_).find("topics: [\"#\"]"), std::string::npos) << content_of(file_);
}

TEST_F(Init, AsksForAPasswordWithoutShowingIt) {
  Terminal terminal({SLUICE_BINARY, "init", "-o", file_, "--topic", "#", "--endpoint",
                     nobody("http"), "--no-connect"});
  ASSERT_TRUE(terminal.shows("Broker, as a URL"));
  terminal.type("mqtt://box@127.0.0.1:1\n");
  ASSERT_TRUE(terminal.shows("Password of box at the broker")) << terminal.everything();
  terminal.type("s3cret\n");
  EXPECT_EQ(terminal.wait(), 0) << terminal.everything();
  EXPECT_EQ(terminal.everything().find("s3cret"), std::string::npos) << terminal.everything();
  EXPECT_EQ(content_of(directory_.file("local.password")), "s3cret\n");
}

TEST_F(Init, AsksWhetherToWriteWhenAConnectionFails) {
  for (const std::string answer : {"n", "y"}) {
    std::vector<std::string> arguments = flags();
    arguments.insert(arguments.begin(), SLUICE_BINARY);
    Terminal terminal(arguments);
    ASSERT_TRUE(terminal.shows("Write the file all the same? [y/N]")) << terminal.everything();
    terminal.type(answer + '\n');
    EXPECT_EQ(terminal.wait(), answer == "y" ? 0 : 1) << terminal.everything();
    EXPECT_EQ(exists(), answer == "y");
  }
}

TEST_F(Init, WritesNothingIfTheInputEnds) {
  Terminal terminal({SLUICE_BINARY, "init", "-o", file_});
  ASSERT_TRUE(terminal.shows("Broker, as a URL"));
  terminal.type("\x04");  // end of input
  EXPECT_EQ(terminal.wait(), 1) << terminal.everything();
  EXPECT_FALSE(exists());
}

}  // namespace
}  // namespace sluice::testing_support
