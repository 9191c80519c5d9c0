#include "uplink/answers.h"

#include <gtest/gtest.h>

#include <map>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
constexpr Timestamp kNow{seconds(784111777)};

TEST(Verdicts, FollowTheTableForEveryStatus) {
  const std::map<unsigned, Verdict> exceptions{
      {206, Verdict::Partial},     {207, Verdict::Partial},  {400, Verdict::Refused},
      {408, Verdict::Retry},       {413, Verdict::TooLarge}, {422, Verdict::Refused},
      {415, Verdict::BadEncoding}, {429, Verdict::Throttled}};
  for (unsigned status = 0; status < 1000; ++status) {
    Verdict expected = Verdict::Misconfigured;
    if (const auto found = exceptions.find(status); found != exceptions.end()) {
      expected = found->second;
    } else if (status / 100 == 2) {
      expected = Verdict::Confirmed;
    } else if (status / 100 == 5) {
      expected = Verdict::Retry;
    }
    EXPECT_EQ(verdict_of(status), expected) << status;
  }
}

TEST(Verdicts, FollowTheUserWhereHeSaysOtherwise) {
  const ResponseRules rules{{409, Verdict::Confirmed}, {500, Verdict::Refused}};
  for (unsigned status = 0; status < 1000; ++status) {
    const auto rule = rules.find(status);
    EXPECT_EQ(verdict_of(status, rules), rule == rules.end() ? verdict_of(status) : rule->second)
        << status;
  }
}

TEST(RetryAfter, IsReadAsSeconds) {
  EXPECT_EQ(parse_retry_after("0", "", kNow), milliseconds(0));
  EXPECT_EQ(parse_retry_after("120", "", kNow), seconds(120));
}

TEST(RetryAfter, IsReadInAllThreeFormsOfADate) {
  const Timestamp minute_before = kNow - seconds(60);
  for (const char* date : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"}) {
    EXPECT_EQ(parse_retry_after(date, "", minute_before), seconds(60)) << date;
  }
}

TEST(RetryAfter, MeasuresADateAgainstTheClockOfTheServer) {
  const Timestamp years_off{};
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:30 GMT",
                              years_off),
            seconds(7));
}

TEST(RetryAfter, IsZeroForADateInThePast) {
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", "", kNow + seconds(5)),
            milliseconds(0));
}

TEST(RetryAfter, StaysFiniteHoweverManyDigitsItHas) {
  const auto wish = parse_retry_after(std::string(400, '9'), "", kNow);
  ASSERT_TRUE(wish);
  EXPECT_LE(*wish, std::chrono::hours(24 * 366));
  EXPECT_GE(*wish, std::chrono::hours(1));
}

TEST(RetryAfter, IsNothingIfItIsNeitherSecondsNorADate) {
  for (const char* value : {"", "soon", "-1", "1.5", "12 s", "Sun, 06 Nov 1994 08:49:37 GMT x",
                            "Sun, 06 Foo 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_retry_after(value, "", kNow)) << value;
  }
}

TEST(Answers, TellWhatTheServerSaidOnOneLine) {
  const Answer answer = answer_of({.status = 422,
                                   .reason = "Unprocessable",
                                   .retry_after = "3",
                                   .date = "",
                                   .content = "field \"x\":\r\n\x1b[31mbad\n"},
                                  kNow);
  EXPECT_EQ(answer.verdict, Verdict::Refused);
  EXPECT_EQ(answer.retry_after, seconds(3));
  EXPECT_EQ(answer.detail, "422 Unprocessable: field \"x\":   [31mbad");
  EXPECT_EQ(answer.words, "422 Unprocessable: field \"x\":\r\n\x1b[31mbad\n");
}

TEST(Answers, KeepFourKibibytesOfWhatTheServerSaid) {
  const Answer answer = answer_of({.status = 400,
                                   .reason = "Bad Request",
                                   .retry_after = {},
                                   .date = {},
                                   .content = std::string(4096, 'x')},
                                  kNow);
  EXPECT_EQ(answer.words.size(), 4096U);
  EXPECT_TRUE(answer.words.starts_with("400 Bad Request: xxx"));
}

TEST(Answers, NeedNoWords) {
  const Answer answer =
      answer_of({.status = 503, .reason = {}, .retry_after = {}, .date = {}, .content = {}}, kNow);
  EXPECT_EQ(answer.detail, "503");
  EXPECT_FALSE(answer.retry_after);
}

}  // namespace
}  // namespace sluice
