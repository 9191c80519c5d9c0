// The command line of the real program: what it prints and what it returns.
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::Process;
using testing_support::TempDirectory;

struct Outcome {
  int code = -1;
  std::string text;
};

Outcome sluice(std::vector<std::string> arguments) {
  const TempDirectory directory;
  arguments.insert(arguments.begin(), SLUICE_BINARY);
  Process process({.arguments = arguments, .output = directory.file("out"), .environment = {}});
  Outcome outcome;
  outcome.code = process.wait(std::chrono::seconds(20)).value_or(-1);
  std::ifstream file(directory.file("out"));
  outcome.text.assign(std::istreambuf_iterator<char>(file), {});
  return outcome;
}

constexpr const char* kGood =
    "sources: {plant: {type: mqtt, url: \"mqtt://127.0.0.1:1\", topics: [a]}}\n"
    "flows: {f: {from: [plant], to: [s]}}\n"
    "sinks: {s: {type: http, url: \"http://127.0.0.1:1\"}}\n";

TEST(CommandLine, TellsItsVersion) {
  const Outcome outcome = sluice({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.text.starts_with("sluice 0.")) << outcome.text;
}

TEST(CommandLine, ExplainsItself) {
  const Outcome outcome = sluice({"--help"});
  EXPECT_EQ(outcome.code, 0);
  for (const char* word : {"run", "check", "Exit codes"}) {
    EXPECT_NE(outcome.text.find(word), std::string::npos) << word;
  }
}

TEST(CommandLine, AnswersWrongUsageWithTwo) {
  EXPECT_EQ(sluice({}).code, 2);
  EXPECT_EQ(sluice({"fly"}).code, 2);
  EXPECT_EQ(sluice({"run", "--no-such-flag"}).code, 2);
}

TEST(CommandLine, ChecksAGoodFile) {
  const TempDirectory directory;
  std::ofstream(directory.file("good.yaml")) << kGood;
  const Outcome outcome = sluice({"check", "-c", directory.file("good.yaml")});
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_NE(outcome.text.find("1 source(s), 1 flow(s), 1 sink(s)"), std::string::npos);
}

TEST(CommandLine, NamesEveryProblemOfABadFileInOneRun) {
  const TempDirectory directory;
  const std::string path = directory.file("bad.yaml");
  std::ofstream(path) << kGood << "buffer:\n  max_sise: 1GiB\n  flush_interval: soon\n";
  for (const char* command : {"check", "run"}) {
    const Outcome outcome = sluice({command, "-c", path});
    EXPECT_EQ(outcome.code, 78) << outcome.text;
    EXPECT_NE(outcome.text.find(path + ":5:3: error: buffer.max_sise"), std::string::npos)
        << outcome.text;
    EXPECT_NE(outcome.text.find("max_size"), std::string::npos) << outcome.text;
    EXPECT_NE(outcome.text.find(path + ":6:19: error: buffer.flush_interval"), std::string::npos)
        << outcome.text;
  }
}

TEST(CommandLine, TakesSeveralFilesForEveryCommandThatReadsThem) {
  const TempDirectory directory;
  std::ofstream(directory.file("sluice.yaml")) << kGood << "buffer: {max_size: 1MiB}\n";
  std::ofstream(directory.file("sluice.test.yaml")) << "buffer: {max_size: 2MiB}\n";
  std::ofstream(directory.file("site.yaml")) << "buffer: {max_size: much}\n";
  const std::vector<std::string> files{"-c", directory.file("sluice.yaml"), "--env", "test",
                                       "-c", directory.file("site.yaml")};
  for (std::vector<std::string> words : std::vector<std::vector<std::string>>{
           {"check"}, {"run"}, {"buffer", "ls"}, {"dead", "ls"}}) {
    const std::string command = words[0];
    words.insert(words.end(), files.begin(), files.end());
    const Outcome outcome = sluice(words);
    EXPECT_EQ(outcome.code, 78) << command << outcome.text;
    EXPECT_NE(outcome.text.find(directory.file("site.yaml") + ":1:20: error: buffer.max_size"),
              std::string::npos)
        << command << outcome.text;
  }
  const Outcome effective =
      sluice({"check", "--print-effective", "-c", directory.file("sluice.yaml"), "--env", "test"});
  EXPECT_EQ(effective.code, 0) << effective.text;
  EXPECT_NE(effective.text.find("\n  max_size: 2MiB\n"), std::string::npos) << effective.text;
}

TEST(CommandLine, SaysWhenTheFileIsNotThere) {
  const Outcome outcome = sluice({"check", "-c", "/nowhere/sluice.yaml"});
  EXPECT_EQ(outcome.code, 78);
  EXPECT_NE(outcome.text.find("/nowhere/sluice.yaml"), std::string::npos) << outcome.text;
}

}  // namespace
}  // namespace sluice
