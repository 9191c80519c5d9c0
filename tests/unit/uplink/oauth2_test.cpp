// OAuth 2.0 tokens: what answers mean, and when which request is made.
#include "uplink/oauth2.h"

#include "core/mutex.h"
#include "tests/support/fake_clock.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/sending.h"
#include "uplink/http_credentials.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Connection = RawServer::Connection;

std::string token_json(const std::string& token, int lifetime) {
  return R"({"access_token":")" + token + R"(","token_type":"Bearer","expires_in":)" +
         std::to_string(lifetime) + "}";
}

TEST(AccessToken, IsReadFromTheServersAnswer) {
  const auto token = parse_access_token(token_json("abc.def", 300));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->text, "abc.def");
  EXPECT_EQ(token->lifetime, seconds(300));
}

TEST(AccessToken, MayHaveALifetimeInAnyForm) {
  const std::vector<std::pair<std::string, seconds>> forms{
      {R"("expires_in":"300")", seconds(300)},
      {R"("expires_in":300.9)", seconds(300)},
      {R"("expires_in":-5)", seconds(0)},
      {R"("expires_in":1e300)", std::chrono::hours(24 * 365)},
      {R"("expires_in":9223372036854775807)", std::chrono::hours(24 * 365)},
      {R"("expires_in":"soon")", std::chrono::hours(1)},
      {R"("expires_in":null)", std::chrono::hours(1)},
      {R"("x":1)", std::chrono::hours(1)}};
  for (const auto& [member, lifetime] : forms) {
    const auto token = parse_access_token(R"({"access_token":"t",)" + member + "}");
    ASSERT_TRUE(token) << member;
    EXPECT_EQ(token->lifetime, lifetime) << member;
  }
}

TEST(AccessToken, IsNoneIfItCannotBeSent) {
  for (const std::string& json :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
        std::string(R"({"access_token":""})"), std::string(R"({"access_token":7})"),
        std::string(R"({"access_token":"hunter2 hunter2"})"),
        std::string(R"({"access_token":"hunter2\r\nX: y"})"),
        std::string(R"({"access_token":"hunter2","token_type":"mac"})"),
        token_json("hunter2", 1).substr(0, 30), std::string(100'000, '[')}) {
    const auto token = parse_access_token(json);
    ASSERT_FALSE(token) << json.substr(0, 50);
    EXPECT_EQ(token.error().message.find("hunter2"), std::string::npos) << token.error().message;
  }
}

// A server that gives "token-1", "token-2", … and whatever else a test says.
class TokenServer {
 public:
  TokenServer()
      : server_([this](Connection& connection, int number) {
          const std::string request = connection.read_request();
          const MutexLock lock(mutex_);
          requests_.push_back(request);
          connection.write(
              reply_.empty()
                  ? reply_of("200 OK", token_json("token-" + std::to_string(number), lifetime_))
                  : reply_);
        }) {}

  [[nodiscard]] Url url() const {
    return *parse_url("http://127.0.0.1:" + std::to_string(server_.port()) + "/token?x=1");
  }
  void answer(const std::string& reply) {
    const MutexLock lock(mutex_);
    reply_ = reply;
  }
  void give_for(int lifetime) {
    const MutexLock lock(mutex_);
    lifetime_ = lifetime;
  }
  std::vector<std::string> requests() {
    const MutexLock lock(mutex_);
    return requests_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> requests_ SLUICE_GUARDED_BY(mutex_);
  std::string reply_ SLUICE_GUARDED_BY(mutex_);
  int lifetime_ SLUICE_GUARDED_BY(mutex_) = 1000;
  RawServer server_;
};

// A destination that remembers the tokens, and accepts the one that a test names, or any.
class Destination {
 public:
  Destination()
      : server_([this](Connection& connection, int /*number*/) {
          for (std::string request = connection.read_request(); !request.empty();
               request = connection.read_request()) {
            const MutexLock lock(mutex_);
            const std::string token = header_of(request, "Authorization");
            seen_.push_back(token);
            const bool welcome = accepted_.empty() || token == "Bearer " + accepted_;
            connection.write(welcome ? kOk : reply_of("401 Unauthorized", "bad token"));
          }
        }) {}

  [[nodiscard]] std::string url() const { return server_.url(); }
  void accept_only(const std::string& token) {
    const MutexLock lock(mutex_);
    accepted_ = token;
  }
  std::vector<std::string> seen() {
    const MutexLock lock(mutex_);
    return seen_;
  }

 private:
  Mutex mutex_;
  std::vector<std::string> seen_ SLUICE_GUARDED_BY(mutex_);
  std::string accepted_ SLUICE_GUARDED_BY(mutex_);
  RawServer server_;
};

class OAuth2 : public ::testing::Test {
 protected:
  HttpTransportOptions options() {
    HttpTransportOptions options = options_for(destination_.url());
    options.auth.oauth2 = {.token_url = tokens_.url(),
                           .client_id = "gate way",
                           .client_secret = "s3cr:t/+ ",
                           .client_secret_file = "",
                           .scope = "ingest write"};
    return options;
  }
  std::vector<std::string> bearers(std::initializer_list<int> numbers) {
    std::vector<std::string> all;
    for (const int number : numbers) {
      all.push_back("Bearer token-" + std::to_string(number));
    }
    return all;
  }
  // What becomes of a block if the token server answers like this.
  Answer answer_to(const std::string& reply) {
    tokens_.answer(reply);
    return Sender(options(), clock_).send(make_block(1, 1));
  }

  testing_support::FakeClock clock_;
  TokenServer tokens_;
  Destination destination_;
};

TEST_F(OAuth2, AsksForATokenAndKeepsIt) {
  Sender sender(options(), clock_);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    EXPECT_EQ(sender.send(make_block(i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(destination_.seen(), bearers({1, 1, 1, 1, 1}));
  ASSERT_EQ(tokens_.requests().size(), 1U);
  const std::string request = tokens_.requests().front();
  EXPECT_TRUE(request.starts_with("POST /token?x=1 HTTP/1.1\r\n")) << request;
  EXPECT_EQ(header_of(request, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header_of(request, "Accept"), "application/json");
  // Both parts are form-encoded first: gate+way:s3cr%3At%2F%2B+
  EXPECT_EQ(header_of(request, "Authorization"), "Basic Z2F0ZSt3YXk6czNjciUzQXQlMkYlMkIr");
  EXPECT_TRUE(request.ends_with("\r\n\r\ngrant_type=client_credentials&scope=ingest+write"))
      << request;
}

TEST_F(OAuth2, WritesItsCredentialsIntoTheBodyIfTold) {
  HttpTransportOptions in_body = options();
  in_body.auth.oauth2.credentials_in_body = true;
  EXPECT_EQ(Sender(in_body, clock_).send(make_block(1, 1)).verdict, Verdict::Confirmed);
  const std::string request = tokens_.requests().at(0);
  EXPECT_EQ(header_of(request, "Authorization"), "");
  EXPECT_TRUE(
      request.ends_with("&scope=ingest+write&client_id=gate+way"
                        "&client_secret=s3cr%3At%2F%2B+"))
      << request;
}

TEST_F(OAuth2, RenewsTheTokenBeforeItExpiresWithoutWaitingForIt) {
  Sender sender(options(), clock_);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  clock_.advance(seconds(799));
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(tokens_.requests().size(), 1U);
  clock_.advance(seconds(1));
  EXPECT_EQ(sender.send(make_block(3, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(destination_.seen().back(), "Bearer token-1") << "still good while the next one comes";
  for (std::uint64_t i = 4; destination_.seen().back() != "Bearer token-2" && i < 1000; ++i) {
    ASSERT_EQ(sender.send(make_block(i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(destination_.seen().back(), "Bearer token-2");
  EXPECT_EQ(tokens_.requests().size(), 2U);
}

TEST_F(OAuth2, GoesOnWithAValidTokenWhileTheServerIsAway) {
  Sender sender(options(), clock_);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  tokens_.answer(reply_of("503 Service Unavailable", ""));
  for (std::uint64_t i = 0; i < 19; ++i) {
    clock_.advance(seconds(50));
    ASSERT_EQ(sender.send(make_block(2 + i, 1)).verdict, Verdict::Confirmed);
  }
  clock_.advance(seconds(50));  // now it has expired
  const Answer answer = sender.send(make_block(30, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("cannot get a token from 127.0.0.1"), std::string::npos)
      << answer.detail;
  tokens_.answer("");
  EXPECT_EQ(sender.send(make_block(30, 1)).verdict, Verdict::Confirmed);
}

TEST_F(OAuth2, FetchesANewTokenWhenTheOldOneHasExpired) {
  tokens_.give_for(0);
  Sender sender(options(), clock_);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(destination_.seen(), bearers({1, 2}));
}

TEST_F(OAuth2, ReplacesATokenThatIsNotAcceptedWithinTheSameDelivery) {
  Sender sender(options(), clock_);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  destination_.accept_only("token-2");  // the other one was taken back
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(destination_.seen(), bearers({1, 1, 2}));
}

TEST_F(OAuth2, AsksOnlyOnceForAnotherTokenWhenNoneIsAccepted) {
  destination_.accept_only("nobody");
  Sender sender(options(), clock_);
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
  EXPECT_EQ(answer.detail, "401 Unauthorized: bad token");
  EXPECT_EQ(destination_.seen(), bearers({1, 2}));
  EXPECT_EQ(tokens_.requests().size(), 2U);
  destination_.accept_only("");
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(tokens_.requests().size(), 2U);
}

TEST_F(OAuth2, NeedsAHumanWhenTheServerRefuses) {
  const Answer refused = answer_to(reply_of(
      "401 Unauthorized", R"({"error":"invalid_client","error_description":"no\nsuch client"})"));
  EXPECT_EQ(refused.verdict, Verdict::Misconfigured);
  EXPECT_TRUE(refused.detail.ends_with("it answers 401 invalid_client: no such client"))
      << refused.detail;
  for (const std::string& reply :
       {reply_of("400 Bad Request", "<html>"), reply_of("404 Not Found", ""),
        reply_of("200 OK", "<html>"), reply_of("200 OK", R"({"access_token":"a b"})"),
        reply_of("302 Found", "", "Location: http://elsewhere/\r\n")}) {
    const Answer answer = answer_to(reply);
    EXPECT_EQ(answer.verdict, Verdict::Misconfigured) << reply;
    EXPECT_NE(answer.detail.find("cannot get a token from 127.0.0.1"), std::string::npos)
        << answer.detail;
  }
  EXPECT_TRUE(destination_.seen().empty());
}

TEST_F(OAuth2, TriesAgainWhenTheServerIsAwayOrBusy) {
  for (const std::string& reply :
       {reply_of("503 Service Unavailable", ""), reply_of("429 Too Many Requests", ""),
        std::string("SSH-2.0\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")}) {
    EXPECT_EQ(answer_to(reply).verdict, Verdict::Retry) << reply;
  }
  HttpTransportOptions nobody = options();
  nobody.auth.oauth2.token_url.port = std::to_string(testing_support::free_port());
  EXPECT_EQ(Sender(nobody, clock_).send(make_block(1, 1)).verdict, Verdict::Retry);
}

TEST_F(OAuth2, NeverTellsTheSecretOrTheToken) {
  for (const std::string& reply :
       {reply_of("401 Unauthorized", R"({"error":"x","error_description":"bad: s3cr:t/+ "})"),
        reply_of("401 Unauthorized", "s3cr:t/+ "),
        reply_of("200 OK", R"({"access_token":"s3cr:t/+ "})")}) {
    EXPECT_EQ(answer_to(reply).detail.find("s3cr:t"), std::string::npos);
  }
}

TEST_F(OAuth2, DoesNotReadAnswersWithoutEnd) {
  const std::string long_token(20'000, 't');  // the tokens of some servers are kilobytes
  EXPECT_EQ(answer_to(reply_of("200 OK", token_json(long_token, 60))).verdict, Verdict::Confirmed);
  const Answer answer = answer_to(reply_of("200 OK", token_json(std::string(200'000, 't'), 60)));
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
}

TEST_F(OAuth2, ReadsTheSecretAgainWhenItsFileChanges) {
  const testing_support::TempDirectory directory;
  HttpTransportOptions from_file = options();
  from_file.auth.oauth2.client_secret.clear();
  from_file.auth.oauth2.client_secret_file = directory.file("secret");
  tokens_.give_for(0);
  Sender sender(from_file, clock_);
  const Answer missing = sender.send(make_block(1, 1));
  EXPECT_EQ(missing.verdict, Verdict::Misconfigured);
  EXPECT_NE(missing.detail.find(directory.file("secret")), std::string::npos) << missing.detail;
  std::ofstream(directory.file("secret")) << "one\n";
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  std::ofstream(directory.file("secret")) << "second\n";
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  const auto requests = tokens_.requests();
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(header_of(requests[0], "Authorization"), basic_credentials("gate+way", "one"));
  EXPECT_EQ(header_of(requests[1], "Authorization"), basic_credentials("gate+way", "second"));
}

TEST_F(OAuth2, EndsWithTheTimeOutWhenTheServerIsSilent) {
  RawServer silent([](Connection& connection, int /*number*/) { connection.wait_for_the_end(); });
  HttpTransportOptions to_silent = options();
  to_silent.auth.oauth2.token_url.port = std::to_string(silent.port());
  to_silent.timeout = milliseconds(50);
  const Answer answer = Sender(to_silent, clock_).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_TRUE(answer.detail.ends_with("no answer within 0.05 s")) << answer.detail;
}

TEST_F(OAuth2, CanBeCancelledWhileItWaitsForAToken) {
  RawServer silent([](Connection& connection, int /*number*/) { connection.wait_for_the_end(); });
  HttpTransportOptions to_silent = options();
  to_silent.auth.oauth2.token_url.port = std::to_string(silent.port());
  Sender sender(to_silent, clock_);
  sender.begin(make_block(1, 1));
  sender.transport().cancel();
  EXPECT_EQ(sender.finish().detail, "given up");
  sender.io().restart();
  sender.io().run_for(seconds(20));
  EXPECT_TRUE(sender.io().stopped());
}

}  // namespace
}  // namespace sluice::uplink_tests
