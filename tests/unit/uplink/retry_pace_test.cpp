#include "uplink/retry_pace.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr BackoffOptions kOptions{.initial = seconds(1), .max = seconds(60)};

Answer answer(Verdict verdict, std::optional<milliseconds> wish = {}) {
  return {.verdict = verdict, .retry_after = wish, .detail = ""};
}

TEST(RetryPace, BacksOffUpToTheCapWhenTheDestinationIsAway) {
  RetryPace pace(kOptions, 1);
  EXPECT_LE(pace.after(answer(Verdict::Retry)), seconds(1));
  for (int i = 0; i < 20; ++i) {
    EXPECT_LE(pace.after(answer(Verdict::Throttled)), seconds(60));
  }
  // By now each draw is between a tenth of the cap and the cap.
  EXPECT_GE(pace.after(answer(Verdict::Retry)), seconds(6));
  pace.reset();
  EXPECT_LE(pace.after(answer(Verdict::Retry)), seconds(1));
}

TEST(RetryPace, ProbesSlowlyWhereOnlyAHumanCanHelp) {
  RetryPace pace(kOptions, 1);
  for (const Verdict verdict :
       {Verdict::Misconfigured, Verdict::TooLarge, Verdict::Refused, Verdict::BadEncoding}) {
    EXPECT_EQ(pace.after(answer(verdict)), kOptions.max);
  }
}

TEST(RetryPace, DoesWhatTheDestinationAsksForAndNeverLess) {
  RetryPace pace(kOptions, 1);
  for (int i = 0; i < 20; ++i) {
    for (const Verdict verdict : {Verdict::Retry, Verdict::Throttled, Verdict::Misconfigured}) {
      const auto time = pace.after(answer(verdict, minutes(5)));
      EXPECT_GE(time, minutes(5));
      EXPECT_LE(time, minutes(5) + kOptions.initial);
    }
  }
}

TEST(RetryPace, DoesNotBelieveInWishesAboveAnHour) {
  RetryPace pace(kOptions, 1);
  EXPECT_LE(pace.after(answer(Verdict::Throttled, std::chrono::hours(1000))),
            std::chrono::hours(1) + kOptions.initial);
}

TEST(RetryPace, NeverBecomesABusyLoop) {
  RetryPace pace(kOptions, 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(pace.after(answer(Verdict::Throttled, milliseconds(0))), milliseconds(100));
  }
}

}  // namespace
}  // namespace sluice
