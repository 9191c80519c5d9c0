// The HTTP transport with several URLs.
#include "tests/lab/receiver.h"
#include "tests/support/fake_clock.h"
#include "tests/support/process.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Connection = RawServer::Connection;

std::string url_of(const lab::Receiver& receiver) {
  return "http://127.0.0.1:" + std::to_string(receiver.port()) + "/v1/records";
}

class HttpFailover : public ::testing::Test {
 protected:
  HttpTransportOptions options_to(const std::string& first, const std::string& second) {
    HttpTransportOptions options = options_for(first);
    options.fallback_urls = {*parse_url(second)};
    options.failback_after = seconds(60);
    return options;
  }
  // Lets three attempts fail, so that the next one goes to the second URL.
  void fail_over(Sender& sender) {
    for (int i = 0; i < 3; ++i) {
      ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Retry);
    }
    ASSERT_EQ(sender.transport().figures().failovers, 1U);
  }

  testing_support::FakeClock clock_;
};

TEST_F(HttpFailover, SendsTheSameRequestToTheNextUrlWhenNobodyListens) {
  std::string request;
  RawServer second([&](Connection& connection, int /*number*/) {
    request = connection.read_request();
    connection.write(kOk);
  });
  const std::string nobody = "127.0.0.1:" + std::to_string(testing_support::free_port());
  Sender sender(options_to("http://" + nobody + "/a", second.url()), clock_);
  EXPECT_EQ(sender.transport().figures().url, "http://" + nobody + "/a");
  fail_over(sender);
  EXPECT_EQ(sender.send(make_block(7, 2)).verdict, Verdict::Confirmed);
  EXPECT_EQ(header_of(request, "Idempotency-Key"), "\"gateway-7-0000000000000abc-telemetry-7-8\"");
  EXPECT_EQ(header_of(request, "Host"), "127.0.0.1:" + std::to_string(second.port()));
  EXPECT_TRUE(request.starts_with("POST /v1/records HTTP/1.1\r\n")) << request;
  EXPECT_EQ(sender.transport().figures().url, second.url());
}

TEST_F(HttpFailover, ChangesOnServerErrorsAndTimeOuts) {
  for (const bool hangs : {false, true}) {
    lab::Receiver first({});
    lab::Receiver second({});
    lab::Behaviour bad;
    bad.status = 503;
    bad.hang = hangs;
    first.behave(bad);
    HttpTransportOptions options = options_to(url_of(first), url_of(second));
    options.timeout = milliseconds(hangs ? 50 : 20'000);
    Sender sender(options, clock_);
    fail_over(sender);
    EXPECT_EQ(sender.transport().figures().url, url_of(second));
    if (!hangs) {  // the short time-out is for the second one, too
      EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
      EXPECT_EQ(second.counts().requests, 1U);
    }
  }
}

TEST_F(HttpFailover, DoesNotWaitForAServerThatAsksForALongPause) {
  lab::Receiver first({});
  lab::Receiver second({});
  first.behave({.status = 503, .retry_after = "3600", .body = ""});
  Sender sender(options_to(url_of(first), url_of(second)), clock_);
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.retry_after, std::nullopt);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST_F(HttpFailover, StaysWhereItIsWhenTheBlockOrTheCredentialsAreRefused) {
  for (const int status : {401, 403, 404, 413, 422, 429}) {
    lab::Receiver first({});
    lab::Receiver second({});
    first.behave({.status = status});
    Sender sender(options_to(url_of(first), url_of(second)), clock_);
    for (int i = 0; i < 5; ++i) {
      EXPECT_NE(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
    }
    EXPECT_EQ(second.counts().connections, 0U) << status;
  }
}

TEST_F(HttpFailover, GoesBackToTheFirstUrlWhenItWorksAgain) {
  lab::Receiver first({});
  lab::Receiver second({});
  first.behave({.status = 503});
  Sender sender(options_to(url_of(first), url_of(second)), clock_);
  fail_over(sender);
  first.behave({});
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(first.counts().requests, 0U) << "not before the time has come";
  // The connection to the first one is tried beside a delivery, so it may take another one or two
  // until it is known.
  clock_.advance(seconds(60));
  for (std::uint64_t i = 0; first.counts().requests == 0 && i < 1000; ++i) {
    ASSERT_EQ(sender.send(make_block(10 + i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(first.counts().requests, 1U);
  EXPECT_EQ(sender.transport().figures().url, url_of(first));
  EXPECT_EQ(sender.transport().figures().failovers, 2U);
  const auto at_second = second.counts().requests;
  EXPECT_EQ(sender.send(make_block(5000, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(second.counts().requests, at_second);
}

TEST_F(HttpFailover, GivesNothingToAFirstUrlThatCannotBeReached) {
  const std::uint16_t port = testing_support::free_port();
  lab::Receiver second({});
  Sender sender(options_to("http://127.0.0.1:" + std::to_string(port), url_of(second)), clock_);
  fail_over(sender);
  clock_.advance(seconds(60));
  for (std::uint64_t i = 0; i < 20; ++i) {
    ASSERT_EQ(sender.send(make_block(10 + i, 1)).verdict, Verdict::Confirmed);
  }
  // It was not even given a trial, after which the next look would have to wait longer.
  lab::ReceiverOptions options;
  options.port = port;
  lab::Receiver first(options);
  clock_.advance(seconds(60));
  for (std::uint64_t i = 0; first.counts().requests == 0 && i < 1000; ++i) {
    ASSERT_EQ(sender.send(make_block(100 + i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(first.counts().requests, 1U);
}

TEST_F(HttpFailover, LosesNoAttemptWhenTheFirstUrlOnlySeemsToWork) {
  lab::Receiver first({});
  lab::Receiver second({});
  first.behave({.status = 503});
  Sender sender(options_to(url_of(first), url_of(second)), clock_);
  fail_over(sender);
  const auto refused = first.counts().refused;
  for (const int status : {503, 401, 429}) {
    first.behave({.status = status});
    const auto before = first.counts().refused;
    clock_.advance(std::chrono::hours(1));
    for (std::uint64_t i = 0; first.counts().refused == before && i < 1000; ++i) {
      ASSERT_EQ(sender.send(make_block(10 + i, 1)).verdict, Verdict::Confirmed);
    }
    EXPECT_EQ(first.counts().refused, before + 1);
  }
  EXPECT_EQ(first.counts().refused, refused + 3);
  EXPECT_EQ(sender.transport().figures().failovers, 1U);
  EXPECT_EQ(sender.transport().figures().url, url_of(second));
}

TEST_F(HttpFailover, IsNotHeldUpByAFirstUrlThatDoesNotAnswer) {
  // Accepts connections and says nothing, so that the TLS handshake with it never ends.
  RawServer silent([](Connection& connection, int number) {
    if (number > 3) {
      connection.wait_for_the_end();
    }
  });
  lab::Receiver second({});
  const std::string first = "https://127.0.0.1:" + std::to_string(silent.port()) + "/";
  Sender sender(options_to(first, url_of(second)), clock_);
  fail_over(sender);
  clock_.advance(seconds(60));
  const int before = silent.connections();
  for (std::uint64_t i = 0; i < 1000 && (i < 20 || silent.connections() == before); ++i) {
    ASSERT_EQ(sender.send(make_block(10 + i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(silent.connections(), before + 1);
  EXPECT_EQ(sender.transport().figures().url, url_of(second));
  sender.transport().cancel();  // ends the connection that is being tried, too
  sender.io().restart();
  sender.io().run_for(seconds(20));
  EXPECT_TRUE(sender.io().stopped());
}

}  // namespace
}  // namespace sluice::uplink_tests
