#include "sources/send_window.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kQuiet{5};
constexpr std::size_t kFew = 8;

class SendWindowTest : public ::testing::Test {
 protected:
  void pass(milliseconds time) { now_ += time; }
  // Messages arrive one by one until `count` are owed.
  void arrive(std::size_t count, milliseconds gap = milliseconds(0)) {
    for (std::size_t owed = 0; owed < count; ++owed) {
      pass(gap);
      window_.arrived(now_, owed);
    }
  }

  SendWindow window_{kQuiet, kFew};
  Instant now_{std::chrono::hours(1)};
};

TEST_F(SendWindowTest, AFewAcknowledgementsMayWait) {
  arrive(kFew);
  EXPECT_FALSE(window_.patience(kFew));
  EXPECT_FALSE(window_.patience(0));
}

TEST_F(SendWindowTest, MoreThanWasEverOwedIsHurriedAsSoonAsItIsQuiet) {
  arrive(20);
  EXPECT_EQ(window_.patience(20), kQuiet);
}

TEST_F(SendWindowTest, NoMoreThanWasProvenToBePossibleIsHurriedOnlyAfterALongSilence) {
  arrive(200, milliseconds(10));
  window_.acknowledged(now_ + milliseconds(1), 200);
  EXPECT_EQ(window_.patience(150), SendWindow::kLongSilence);
  EXPECT_EQ(window_.patience(200), kQuiet);
}

TEST_F(SendWindowTest, AWindowThatHasShrunkIsRecognisedByALongSilenceThatAnAcknowledgementEnds) {
  arrive(200);
  window_.acknowledged(now_, 200);
  pass(milliseconds(1));
  arrive(100);
  ASSERT_EQ(window_.patience(100), SendWindow::kLongSilence);
  pass(SendWindow::kLongSilence);
  window_.acknowledged(now_, 100);
  pass(milliseconds(2));
  window_.arrived(now_, 0);
  EXPECT_EQ(window_.patience(100), kQuiet);
}

TEST_F(SendWindowTest, ATinyWindowIsRecognisedAfterThreeRounds) {
  for (int round = 0; round < 4; ++round) {
    pass(milliseconds(1));
    arrive(2);
    EXPECT_EQ(window_.patience(2).has_value(), round == 3) << round;
    pass(milliseconds(900));
    window_.acknowledged(now_, 2);
  }
  EXPECT_EQ(window_.patience(2), milliseconds(0));
  EXPECT_FALSE(window_.patience(1));
}

TEST_F(SendWindowTest, ATinyWindowIsForgottenWhenMoreArrivesWithoutAcknowledgement) {
  for (int round = 0; round < 4; ++round) {
    pass(milliseconds(1));
    arrive(2);
    window_.acknowledged(now_ += milliseconds(900), 2);
  }
  pass(milliseconds(1));
  arrive(4);
  EXPECT_FALSE(window_.patience(2));
}

TEST_F(SendWindowTest, RareMessagesAreNotTakenForATinyWindow) {
  for (int round = 0; round < 10; ++round) {
    pass(milliseconds(900));
    arrive(1);
    window_.acknowledged(now_ += milliseconds(100), 1);
  }
  EXPECT_FALSE(window_.patience(1));
}

}  // namespace
}  // namespace sluice
