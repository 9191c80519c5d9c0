#include "config/substitution.h"

#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

namespace sluice::configuration {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

std::string replaced(const std::string& text) {
  auto result = substitute(text);
  return result ? result->text : "error: " + result.error().message;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Substitution, ReplacesEnvironmentVariablesAnywhereInTheText) {
  const EnvironmentVariable one("SLUICE_TEST_ONE", "1");
  EXPECT_EQ(replaced("${SLUICE_TEST_ONE}"), "1");
  EXPECT_EQ(replaced("a${SLUICE_TEST_ONE}b${SLUICE_TEST_ONE}"), "a1b1");
}

TEST(Substitution, LeavesOtherDollarsAlone) {
  EXPECT_EQ(replaced("$share/group/a $ $SYS/# a$"), "$share/group/a $ $SYS/# a$");
}

TEST(Substitution, TurnsTwoDollarsIntoOne) {
  EXPECT_EQ(replaced("$${HOME} $$$$"), "${HOME} $$");
}

TEST(Substitution, FallsBackToTheDefaultOfAnUnsetOrEmptyVariable) {
  EXPECT_EQ(replaced("${SLUICE_TEST_UNSET:-else}"), "else");
  EXPECT_EQ(replaced("${SLUICE_TEST_UNSET:-}"), "");
  EXPECT_EQ(replaced("${SLUICE_TEST_UNSET:-mqtt://h:1?x=-}"), "mqtt://h:1?x=-");
  const EnvironmentVariable empty("SLUICE_TEST_EMPTY", "");
  EXPECT_EQ(replaced("${SLUICE_TEST_EMPTY:-else}"), "else");
  EXPECT_EQ(replaced("${SLUICE_TEST_EMPTY}"), "");
}

TEST(Substitution, RefusesAnUnsetVariableWithAMessage) {
  EXPECT_EQ(replaced("${SLUICE_TEST_UNSET}"),
            "error: the environment variable SLUICE_TEST_UNSET is not set: set it, or write "
            "${SLUICE_TEST_UNSET:-default}");
  EXPECT_EQ(replaced("${SLUICE_TEST_UNSET:?ask the plant manager}"),
            "error: SLUICE_TEST_UNSET: ask the plant manager");
  const EnvironmentVariable empty("SLUICE_TEST_EMPTY", "");
  EXPECT_EQ(replaced("${SLUICE_TEST_EMPTY:?needed}"), "error: SLUICE_TEST_EMPTY: needed");
}

TEST(Substitution, RefusesFormsItDoesNotKnow) {
  for (const char* text : {"${}", "${1A}", "${A-b}", "${A:b}", "${A:+b}", "${A:=b}", "${A B}",
                           "${A", "${A:-${B}}", "${ A}"}) {
    EXPECT_FALSE(substitute(text)) << text;
  }
}

TEST(Substitution, ReadsAFileWithoutTheLineBreakAtItsEnd) {
  const TempDirectory directory;
  write(directory.file("one"), "s3cret\n");
  write(directory.file("dos"), "s3cret\r\n");
  write(directory.file("two"), "s3cret\n\n");
  write(directory.file("none"), "s3cret");
  EXPECT_EQ(replaced("${file:" + directory.file("one") + "}"), "s3cret");
  EXPECT_EQ(replaced("${file:" + directory.file("dos") + "}"), "s3cret");
  EXPECT_EQ(replaced("${file:" + directory.file("two") + "}"), "s3cret\n");
  EXPECT_EQ(replaced("${file:" + directory.file("none") + "}"), "s3cret");
}

TEST(Substitution, RefusesWhatItCannotReadAsAFile) {
  const TempDirectory directory;
  EXPECT_EQ(replaced("${file:/no/such/file}"),
            "error: cannot read /no/such/file: No such file or directory");
  EXPECT_EQ(replaced("${file:" + directory.path() + "}"),
            "error: cannot read " + directory.path() + ": it is not a regular file");
  const std::string pipe = directory.file("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(replaced("${file:" + pipe + "}"),
            "error: cannot read " + pipe + ": it is not a regular file");
  write(directory.file("large"), std::string(70'000, 'x'));
  EXPECT_FALSE(substitute("${file:" + directory.file("large") + "}"));
}

TEST(Substitution, ReadsACredentialOfSystemd) {
  const TempDirectory directory;
  write(directory.file("token"), "s3cret\n");
  {
    const EnvironmentVariable credentials("CREDENTIALS_DIRECTORY", directory.path());
    EXPECT_EQ(replaced("${credential:token}"), "s3cret");
    EXPECT_EQ(replaced("${credential:other}"),
              "error: cannot read " + directory.file("other") + ": No such file or directory");
    for (const char* text : {"${credential:}", "${credential:.}", "${credential:..}",
                             "${credential:../token}", "${credential:/etc/passwd}"}) {
      EXPECT_EQ(replaced(text),
                "error: ${credential:NAME} takes the name of a credential, not a path")
          << text;
    }
  }
  EXPECT_EQ(replaced("${credential:token}"),
            "error: there are no systemd credentials: add LoadCredential=token:PATH to the unit, "
            "or write ${file:PATH}");
}

TEST(Substitution, DoesNotLookAtWhatItPutIn) {
  const EnvironmentVariable outer("SLUICE_TEST_OUTER", "${SLUICE_TEST_INNER} $$");
  EXPECT_EQ(replaced("${SLUICE_TEST_OUTER}"), "${SLUICE_TEST_INNER} $$");
}

TEST(Substitution, KnowsTheHostNameWithoutTheEnvironment) {
  unsetenv("HOSTNAME");  // NOLINT(concurrency-mt-unsafe): tests run one after the other
  EXPECT_EQ(replaced("${HOSTNAME}"), host_name());
  EXPECT_FALSE(host_name().empty());
  const EnvironmentVariable named("HOSTNAME", "edge-7");
  EXPECT_EQ(replaced("${HOSTNAME}"), "edge-7");
}

TEST(Substitution, TellsWhetherTheFileGivesTheValueAway) {
  EXPECT_TRUE(tells_value("hunter2"));
  EXPECT_TRUE(tells_value("${PASSWORD:-hunter2}"));
  EXPECT_TRUE(tells_value("$${PASSWORD}"));
  EXPECT_FALSE(tells_value("${PASSWORD}"));
  EXPECT_FALSE(tells_value("${PASSWORD:-}"));
  EXPECT_FALSE(tells_value("${PASSWORD:?give one}"));
  EXPECT_FALSE(tells_value("${file:/run/secrets/password}"));
  EXPECT_FALSE(tells_value("${credential:password}"));
  EXPECT_FALSE(tells_value(""));
}

TEST(SubstitutionInTheFile, CannotChangeItsStructure) {
  const EnvironmentVariable attack("SLUICE_TEST_ATTACK",
                                   "x\", insecure: true}\n    qos: 2\n  evil:\n    url: mqtt://e");
  const LoadedConfig loaded = load(with_source("username: ${SLUICE_TEST_ATTACK}"));
  EXPECT_FALSE(loaded.ok());  // a line break in a user name
  ASSERT_EQ(loaded.config.sources.size(), 1U);
  EXPECT_EQ(loaded.config.sources[0].mqtt.qos, 1);

  const EnvironmentVariable tame("SLUICE_TEST_TAME", "[a, b]: {c: *d} # e");
  const LoadedConfig text = load(with_source("username: ${SLUICE_TEST_TAME}"));
  EXPECT_TRUE(text.ok()) << report(text);
  EXPECT_EQ(text.config.sources[0].mqtt.username, "[a, b]: {c: *d} # e");
}

TEST(SubstitutionInTheFile, GivesNumbersAndWordsToo) {
  const EnvironmentVariable qos("SLUICE_TEST_QOS", "2");
  const EnvironmentVariable topic("SLUICE_TEST_TOPIC", "b/c");
  const LoadedConfig loaded = load(
      "sources: {plant: {url: mqtt://localhost, qos: \"${SLUICE_TEST_QOS}\", "
      "topics: [a, \"${SLUICE_TEST_TOPIC}\"]}}\n" +
      kFlow + kSink);
  EXPECT_TRUE(loaded.ok()) << report(loaded);
  EXPECT_EQ(loaded.config.sources[0].mqtt.qos, 2);
  EXPECT_EQ(loaded.config.sources[0].mqtt.topics, (std::vector<std::string>{"a", "b/c"}));
}

TEST(SubstitutionInTheFile, IsNotDoneInKeys) {
  EXPECT_EQ(findings(with_source("${SLUICE_TEST_KEY}: 1")),
            (std::vector<std::string>{"5:5 error sources.plant.${SLUICE_TEST_KEY}"}));
}

TEST(SubstitutionInTheFile, ReportsAtTheValue) {
  EXPECT_EQ(findings(with_source("username: ${SLUICE_TEST_UNSET}")),
            (std::vector<std::string>{"5:15 error sources.plant.username"}));
}

TEST(SubstitutionInTheFile, ShowsWhatTheFileSaysAndNotWhatWasPutIn) {
  const EnvironmentVariable qos("SLUICE_TEST_QOS", "seven");
  EXPECT_EQ(report(with_source("qos: ${SLUICE_TEST_QOS}")),
            "test.yaml:5:10: error: sources.plant.qos: '${SLUICE_TEST_QOS}' as it is now is not a "
            "whole number\n"
            "    qos: ${SLUICE_TEST_QOS}\n"
            "         ^\n");
}

}  // namespace
}  // namespace sluice::configuration
