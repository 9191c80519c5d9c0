// Which log lines are written, and what is said about those that are not.
#include "commands/repeat_filter.h"

#include "commands/logging.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr int kWarning = 3;

class RepeatedLines : public testing::Test {
 protected:
  // How many of them are written.
  unsigned say(const std::string& text, unsigned times) {
    unsigned written = 0;
    for (unsigned i = 0; i < times; ++i) {
      written += filter_.admit(kWarning, text + std::to_string(i)) ? 1U : 0U;
    }
    return written;
  }

  testing_support::FakeClock clock_;
  RepeatFilter filter_{clock_};
};

TEST_F(RepeatedLines, AreWrittenAFewTimesAndCountedThen) {
  EXPECT_EQ(say("refused attempt=", 315), 3U);
  clock_.advance(59s);
  EXPECT_TRUE(filter_.due().empty());
  clock_.advance(1s);
  const auto due = filter_.due();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].text, "refused attempt=314 (repeated 312 times in 60 s)");
  EXPECT_EQ(due[0].level, kWarning);
  EXPECT_TRUE(filter_.due().empty()) << "it has been told";
}

TEST_F(RepeatedLines, AreToldOnceAMinuteAsLongAsTheyGoOn) {
  say("refused attempt=", 10);
  clock_.advance(60s);
  EXPECT_EQ(filter_.due().size(), 1U);
  EXPECT_EQ(say("refused attempt=", 50), 0U);
  clock_.advance(60s);
  const auto due = filter_.due();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].text, "refused attempt=49 (repeated 50 times in 60 s)");
}

TEST_F(RepeatedLines, AreNewAgainAfterAQuietMinute) {
  say("refused attempt=", 10);
  clock_.advance(60s);
  filter_.due();
  clock_.advance(60s);
  EXPECT_TRUE(filter_.due().empty());
  EXPECT_EQ(say("refused attempt=", 10), 3U);
}

TEST_F(RepeatedLines, AreNewAgainAfterAQuietMinuteWithoutALookInBetween) {
  EXPECT_EQ(say("refused attempt=", 2), 2U);
  clock_.advance(60s);
  EXPECT_EQ(say("refused attempt=", 4), 3U);
}

TEST_F(RepeatedLines, DoNotHideOthers) {
  say("refused attempt=", 10);
  EXPECT_EQ(say("the disk is full, bytes=", 2), 2U);
  EXPECT_TRUE(filter_.admit(kWarning + 1, "refused attempt=11")) << "of another level";
}

TEST_F(RepeatedLines, AreAllToldAtTheEnd) {
  say("refused attempt=", 5);
  clock_.advance(7s);
  const auto due = filter_.due(true);
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].text, "refused attempt=4 (repeated 2 times in 7 s)");
}

TEST_F(RepeatedLines, AreWrittenWhenThereAreTooManyKinds) {
  for (std::size_t i = 0; i < RepeatFilter::kMostKinds; ++i) {
    ASSERT_TRUE(filter_.admit(kWarning, std::string(i + 1, 'x')));
  }
  EXPECT_EQ(say("one more ", 10), 10U);
}

TEST(TheJournal, IsRecognisedByItsFileAlone) {
  const testing_support::TempDirectory directory;
  const int file = ::open(directory.file("log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  ASSERT_GE(file, 0);
  struct stat status {};
  ASSERT_EQ(::fstat(file, &status), 0);
  const std::string stream = std::to_string(status.st_dev) + ':' + std::to_string(status.st_ino);
  EXPECT_TRUE(is_journal(file, stream.c_str()));
  EXPECT_FALSE(is_journal(file, nullptr));
  EXPECT_FALSE(is_journal(file, (stream + '1').c_str())) << "stderr was redirected";
  ::close(file);
}

}  // namespace
}  // namespace sluice
