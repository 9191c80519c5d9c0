// The HTTP transport and a destination that behaves, or refuses politely.
#include "uplink/http_transport.h"

#include "core/mutex.h"
#include "tests/lab/receiver.h"
#include "tests/support/process.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string url_of(const lab::Receiver& receiver) {
  return "http://127.0.0.1:" + std::to_string(receiver.port()) + "/v1/records";
}

// What the receiver has been sent last.
class Last {
 public:
  explicit Last(lab::Receiver& receiver) {
    receiver.follow(
        [this](const std::map<std::string, std::string>& headers, const std::string& body) {
          const MutexLock lock(mutex_);
          headers_ = headers;
          body_ = body;
          return lab::Behaviour{};
        });
    receiver.observe(
        [this](const std::map<std::string, std::string>& /*headers*/, const std::string& lines) {
          const MutexLock lock(mutex_);
          lines_ = lines;
        });
  }
  std::map<std::string, std::string> headers() {
    const MutexLock lock(mutex_);
    return headers_;
  }
  std::string body() {
    const MutexLock lock(mutex_);
    return body_;
  }
  std::string lines() {
    const MutexLock lock(mutex_);
    return lines_;
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::string> headers_ SLUICE_GUARDED_BY(mutex_);
  std::string body_ SLUICE_GUARDED_BY(mutex_);
  std::string lines_ SLUICE_GUARDED_BY(mutex_);
};

TEST(HttpTransport, SendsTheStoredFrameByteForByte) {
  lab::Receiver receiver({});
  Last last(receiver);
  Sender sender(options_for(url_of(receiver)));
  for (const std::uint32_t count : {1U, 1000U, 20'000U}) {
    const BlockPtr block = make_block(1, count);
    EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
    EXPECT_EQ(last.body(), block->data);
    EXPECT_EQ(last.lines(), lines_of(1, count));
  }
  EXPECT_EQ(receiver.counts().malformed, 0U) << receiver.counts().last_problem;
  EXPECT_EQ(receiver.counts().connections, 1U);
}

TEST(HttpTransport, SaysWhoSendsWhat) {
  lab::Receiver receiver({});
  Last last(receiver);
  HttpTransportOptions options = options_for(url_of(receiver));
  options.auth.bearer = "t0ken";
  options.headers = {{"X-Tenant", "north"}};
  Sender sender(options);
  const BlockPtr block = make_block(42, 3);
  EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
  const auto headers = last.headers();
  const std::map<std::string, std::string> expected{
      {"host", "127.0.0.1:" + std::to_string(receiver.port())},
      {"content-type", "application/x-ndjson"},
      {"content-encoding", "zstd"},
      {"content-length", std::to_string(block->data.size())},
      {"idempotency-key", "\"gateway-7-0000000000000abc-telemetry-42-44\""},
      {"sluice-agent", "gateway-7"},
      {"sluice-epoch", "0000000000000abc"},
      {"sluice-flow", "telemetry"},
      {"sluice-first-seq", "42"},
      {"sluice-count", "3"},
      {"sluice-config", "5d2c"},
      {"authorization", "Bearer t0ken"},
      {"traceparent", headers.contains("traceparent") ? headers.at("traceparent") : "none"},
      {"x-tenant", "north"},
      {"user-agent", headers.contains("user-agent") ? headers.at("user-agent") : "none"}};
  EXPECT_EQ(headers, expected);
  EXPECT_TRUE(expected.at("user-agent").starts_with("sluice/"));
}

TEST(HttpTransport, GivesEveryBlockATraceOfItsOwnAndKeepsItOverRestarts) {
  lab::Receiver receiver({});
  Last last(receiver);
  const auto traceparent_of = [&](Sender& sender, const BlockPtr& of) {
    EXPECT_EQ(sender.send(of).verdict, Verdict::Confirmed);
    return last.headers()["traceparent"];
  };
  Sender sender(options_for(url_of(receiver)));
  const std::string first = traceparent_of(sender, make_block(42, 3));
  EXPECT_TRUE(std::regex_match(first, std::regex("00-[0-9a-f]{32}-[0-9a-f]{16}-01"))) << first;
  Sender restarted(options_for(url_of(receiver)));
  EXPECT_EQ(traceparent_of(restarted, make_block(42, 3)), first);
  EXPECT_NE(traceparent_of(sender, make_block(45, 3)).substr(0, 36), first.substr(0, 36));
}

TEST(HttpTransport, DecodesForDestinationsWithoutZstd) {
  lab::Receiver receiver({});
  Last last(receiver);
  const BlockPtr block = make_block(1, 500);
  for (const auto& [compression, encoding] :
       {std::pair{HttpCompression::Gzip, "gzip"}, std::pair{HttpCompression::None, ""}}) {
    HttpTransportOptions options = options_for(url_of(receiver));
    options.compression = compression;
    Sender sender(options);
    EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
    const std::string first_body = last.body();
    EXPECT_EQ(last.headers()["content-encoding"], encoding);
    EXPECT_EQ(last.lines(), lines_of(1, 500));
    EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
    EXPECT_EQ(last.body(), first_body) << "a retry must not differ";
  }
}

TEST(HttpTransport, SendsAPlainBlockAsItIs) {
  lab::Receiver receiver({});
  Last last(receiver);
  auto block = std::make_shared<Block>(*make_block(1, 2));
  block->codec = Codec::Ndjson;
  block->data = lines_of(1, 2);
  Sender sender(options_for(url_of(receiver)));
  EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
  EXPECT_EQ(last.body(), block->data);
  EXPECT_FALSE(last.headers().contains("content-encoding"));
}

TEST(HttpTransport, RefusesABlockThatCannotBeDecoded) {
  lab::Receiver receiver({});
  auto damaged = std::make_shared<Block>(*make_block(1, 2));
  damaged->data.resize(damaged->data.size() - 1);
  HttpTransportOptions options = options_for(url_of(receiver));
  options.compression = HttpCompression::Gzip;
  Sender sender(options);
  EXPECT_EQ(sender.send(damaged).verdict, Verdict::Refused);
  EXPECT_EQ(sender.send(make_block(1, 2)).verdict, Verdict::Confirmed);
}

TEST(HttpTransport, PassesOnWhatTheDestinationThinksOfTheBlock) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  const BlockPtr block = make_block(1, 2);
  for (const auto& [status, verdict] :
       {std::pair{204, Verdict::Confirmed}, std::pair{302, Verdict::Misconfigured},
        std::pair{401, Verdict::Misconfigured}, std::pair{413, Verdict::TooLarge},
        std::pair{415, Verdict::BadEncoding}, std::pair{422, Verdict::Refused},
        std::pair{429, Verdict::Throttled}, std::pair{503, Verdict::Retry}}) {
    receiver.behave({.status = status, .retry_after = "", .body = status == 204 ? "" : "because"});
    const Answer answer = sender.send(block);
    EXPECT_EQ(answer.verdict, verdict) << status;
    EXPECT_TRUE(answer.detail.starts_with(std::to_string(status))) << answer.detail;
    EXPECT_TRUE(status == 204 || answer.detail.ends_with(": because")) << answer.detail;
    EXPECT_FALSE(answer.retry_after);
  }
}

TEST(HttpTransport, PassesOnWhenTheDestinationWantsToBeAskedAgain) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  receiver.behave({.status = 429, .retry_after = "7", .body = ""});
  EXPECT_EQ(sender.send(make_block(1, 1)).retry_after, seconds(7));
  receiver.behave({.status = 503, .retry_after = "Fri, 31 Dec 1999 23:59:59 GMT", .body = ""});
  EXPECT_EQ(sender.send(make_block(1, 1)).retry_after, milliseconds(0));
}

TEST(HttpTransport, AnswersRetryWhenThereIsNoAnswerInTime) {
  lab::Receiver receiver({});
  lab::Behaviour silent;
  silent.hang = true;
  receiver.behave(silent);
  HttpTransportOptions options = options_for(url_of(receiver));
  options.timeout = milliseconds(50);
  Sender sender(options);
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "no answer within 0.05 s");
  receiver.behave({});
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST(HttpTransport, AnswersRetryWhenNobodyListens) {
  Sender sender(options_for("http://127.0.0.1:" + std::to_string(testing_support::free_port())));
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("cannot connect to 127.0.0.1 port"), std::string::npos)
      << answer.detail;
  EXPECT_NE(answer.detail.find("refused"), std::string::npos) << answer.detail;
}

TEST(HttpTransport, AnswersRetryWhenTheNameDoesNotResolve) {
  Sender sender(options_for("http://no-such-host..invalid/"));  // not even asked for in the DNS
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_TRUE(answer.detail.starts_with("cannot resolve no-such-host..invalid: ")) << answer.detail;
}

TEST(HttpTransport, ResolvesNamesAndTriesEveryAddress) {
  lab::Receiver receiver({});  // on 127.0.0.1 only, while localhost may be ::1 as well
  Sender sender(options_for("http://localhost:" + std::to_string(receiver.port()) + "/"));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST(HttpTransport, GivesUpOnCancel) {
  lab::Receiver receiver({});
  lab::Behaviour silent;
  silent.hang = true;
  receiver.behave(silent);
  Sender sender(options_for(url_of(receiver)));
  sender.begin(make_block(1, 1));
  sender.transport().cancel();
  EXPECT_EQ(sender.finish().verdict, Verdict::Retry);
  receiver.behave({});
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  sender.transport().cancel();  // with nothing under way it only closes
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST(HttpTransport, LeavesTheIoContextEmptyAfterCancel) {
  lab::Receiver receiver({});
  Sender sender(options_for(url_of(receiver)));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  sender.transport().cancel();
  // Without the cancel the time-out of 30 s would still be pending.
  sender.io().restart();
  sender.io().run_for(seconds(20));
  EXPECT_TRUE(sender.io().stopped());
}

TEST(HttpTransport, MayGoAwayInTheMiddleOfARequest) {
  lab::Receiver receiver({});
  lab::Behaviour silent;
  silent.hang = true;
  receiver.behave(silent);
  for (int handlers = 0; handlers < 6; ++handlers) {
    Sender sender(options_for(url_of(receiver)));
    sender.begin(make_block(1, 1));
    for (int i = 0; i < handlers; ++i) {
      sender.io().run_one_for(milliseconds(20));
    }
  }
}

TEST(HttpTransport, ReadsNoAnswerToItsEndThatHasNone) {
  RawServer server([](RawServer::Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write("HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
    while (connection.write(chunk)) {
    }
  });
  Sender sender(options_for(server.url()));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Retry);
}

TEST(HttpTransport, CountsWhatItSends) {
  std::size_t received = 0;
  RawServer server([&](RawServer::Connection& connection, int /*number*/) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      received += request.size();
      connection.write(kOk);
    }
  });
  TransportFigures figures;
  {
    Sender sender(options_for(server.url()));
    EXPECT_EQ(sender.transport().figures().sent_bytes, 0U);
    for (std::uint64_t i = 1; i <= 3; ++i) {
      ASSERT_EQ(sender.send(make_block(i, 1000)).verdict, Verdict::Confirmed);
    }
    figures = sender.transport().figures();
  }
  EXPECT_EQ(figures.sent_bytes, received);
  EXPECT_EQ(figures.connects, 1U);
  EXPECT_EQ(figures.failovers, 0U);
  EXPECT_EQ(figures.url, server.url());
}

TEST(HttpTransport, DoesNotShowSecretsInItsUrl) {
  const Sender sender(options_for("http://me:hunter2@h:8080/v1/records?token=hunter2"));
  EXPECT_EQ(sender.transport().figures().url, "http://h:8080/v1/records");
}

TEST(HttpTransport, RejectsOptionsThatCannotWork) {
  boost::asio::io_context io;
  HttpTransportOptions options = options_for("mqtt://host");
  EXPECT_FALSE(make_http_transport(io, options, {}));
  options = options_for("https://host");
  options.tls.ca = "/nonexistent/ca.pem";
  EXPECT_FALSE(make_http_transport(io, options,
                                   {.agent = "a", .epoch = 1, .flows = {}, .flow_configs = {}}));
  options = options_for("http://host");
  options.timeout = milliseconds(0);
  EXPECT_FALSE(make_http_transport(io, options,
                                   {.agent = "a", .epoch = 1, .flows = {}, .flow_configs = {}}));
}

}  // namespace
}  // namespace sluice::uplink_tests
