#include "sources/ping_account.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(PingAccount, PassesAnAnswerThatTheLinkHasNotGivenItself) {
  PingAccount pings;
  pings.asked();
  EXPECT_TRUE(pings.arrived());
}

TEST(PingAccount, SwallowsTheAnswerToAPingThatTheLinkHasAnswered) {
  PingAccount pings;
  pings.asked();
  EXPECT_EQ(pings.answer(), 1U);
  EXPECT_FALSE(pings.arrived());
  pings.asked();
  EXPECT_TRUE(pings.arrived());
}

TEST(PingAccount, SwallowsAsManyAnswersAsTheLinkHasGiven) {
  PingAccount pings;
  for (int i = 0; i < 3; ++i) {
    pings.asked();
    EXPECT_EQ(pings.answer(), 1U);
  }
  pings.asked();
  for (int i = 0; i < 3; ++i)
    EXPECT_FALSE(pings.arrived());
  EXPECT_TRUE(pings.arrived());
}

TEST(PingAccount, AnswersEachPingOnce) {
  PingAccount pings;
  EXPECT_EQ(pings.answer(), 0U);
  pings.asked();
  pings.asked();
  EXPECT_EQ(pings.answer(), 2U);
  EXPECT_EQ(pings.answer(), 0U);
}

TEST(PingAccount, PassesAnAnswerThatNobodyAskedFor) {
  PingAccount pings;
  EXPECT_TRUE(pings.arrived());
  pings.asked();
  EXPECT_EQ(pings.answer(), 1U);
}

}  // namespace
}  // namespace sluice
