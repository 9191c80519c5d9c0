// Redirects: where they lead, whether they are followed, and what is told there.
#include "uplink/http_redirect.h"

#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::uplink_tests {
namespace {

using Connection = RawServer::Connection;

std::string target(const std::string& from, const std::string& location) {
  const auto url = redirect_target(*parse_url(from), location);
  return url ? url->scheme + "://" + url->authority() + url->target : url.error().message;
}

TEST(RedirectTarget, MayBeRelative) {
  EXPECT_EQ(target("http://h:8080/a/b?x=1", "https://other/c?y=2"), "https://other/c?y=2");
  EXPECT_EQ(target("http://h:8080/a/b?x=1", "//other/c"), "http://other/c");
  EXPECT_EQ(target("http://h:8080/a/b?x=1", "/c"), "http://h:8080/c");
  EXPECT_EQ(target("http://h:8080/a/b?x=/1", "c"), "http://h:8080/a/c");
  EXPECT_EQ(target("http://h:8080/a/b?x=1", "?y=2"), "http://h:8080/a/b?y=2");
  EXPECT_EQ(target("http://[::1]:8080/", "/a:b"), "http://[::1]:8080/a:b");
}

TEST(RedirectTarget, IsRejectedWhereNoBlockShouldGo) {
  for (const char* location : {"", "ftp://h/", "mqtt://h/", "javascript:alert(1)", "http://",
                               "http://h/ x", "http://h:99999/"}) {
    EXPECT_TRUE(target("http://h/", location).starts_with("the redirect is not followed: "))
        << location << target("http://h/", location);
  }
  EXPECT_TRUE(target("https://h/", "http://h/").starts_with("the redirect is not followed: "));
}

TEST(RedirectTarget, BringsNoCredentialsOfItsOwn) {
  const auto url = redirect_target(*parse_url("http://h/"), "http://user:password@other/");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user + url->password, "");
}

// Remembers requests, and answers them as a test says: once per connection is enough.
class Server {
 public:
  explicit Server(std::function<std::string(int number)> answer)
      : server_([this, answer = std::move(answer)](Connection& connection, int /*number*/) {
          for (std::string request = connection.read_request(); !request.empty();
               request = connection.read_request()) {
            requests.push_back(request);
            connection.write(answer(static_cast<int>(requests.size())));
          }
        }) {}
  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] int connections() const { return server_.connections(); }

  std::vector<std::string> requests;  // read it when the sender has gone

 private:
  RawServer server_;
};

std::string redirect_to(const std::string& location, const std::string& status = "307") {
  return reply_of(status + " Elsewhere", "", "Location: " + location + "\r\n");
}

HttpTransportOptions following(const std::string& url) {
  HttpTransportOptions options = options_for(url);
  options.follow_redirects = true;
  options.auth.bearer = "t0ken";
  options.headers = {{"X-Api-Key", "k3y"}, {"Content-Type", "text/x-lines"}};
  return options;
}

std::string body_of(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

TEST(HttpRedirect, IsNotFollowedUnlessAllowed) {
  Server other([](int /*number*/) { return kOk; });
  for (const char* status : {"301", "302", "303", "307", "308"}) {
    Server server([&](int /*number*/) { return redirect_to(other.url(), status); });
    HttpTransportOptions options = following(server.url());
    options.follow_redirects = false;
    EXPECT_EQ(Sender(options).send(make_block(1, 1)).verdict, Verdict::Misconfigured);
  }
  EXPECT_EQ(other.connections(), 0);
}

TEST(HttpRedirect, IsNotFollowedIfItWouldChangeTheRequest) {
  Server other([](int /*number*/) { return kOk; });
  for (const char* status : {"301", "302", "303"}) {
    Server server([&](int /*number*/) { return redirect_to(other.url(), status); });
    EXPECT_EQ(Sender(following(server.url())).send(make_block(1, 1)).verdict,
              Verdict::Misconfigured);
  }
  EXPECT_EQ(other.connections(), 0);
}

TEST(HttpRedirect, OnTheSameHostGetsTheSameRequest) {
  for (const char* status : {"307", "308"}) {
    const BlockPtr block = make_block(1, 100);
    Server server([&](int number) { return number == 1 ? redirect_to("/new?x=1", status) : kOk; });
    EXPECT_EQ(Sender(following(server.url())).send(block).verdict, Verdict::Confirmed);
    EXPECT_EQ(server.connections(), 1);
    ASSERT_EQ(server.requests.size(), 2U);
    const std::string& request = server.requests.back();
    EXPECT_TRUE(request.starts_with("POST /new?x=1 HTTP/1.1\r\n")) << request;
    EXPECT_EQ(body_of(request), block->data);
    EXPECT_EQ(header_of(request, "Authorization"), "Bearer t0ken");
    EXPECT_EQ(header_of(request, "X-Api-Key"), "k3y");
    EXPECT_EQ(header_of(request, "Idempotency-Key"),
              header_of(server.requests.front(), "Idempotency-Key"));
  }
}

TEST(HttpRedirect, ToAnotherHostTakesNoCredentialsAlong) {
  const BlockPtr block = make_block(1, 100);
  Server other([](int /*number*/) { return kOk; });
  Server server([&](int /*number*/) { return redirect_to(other.url()); });
  {
    Sender sender(following(server.url()));
    EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
    EXPECT_EQ(sender.send(block).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(other.connections(), 1);
  ASSERT_EQ(other.requests.size(), 2U);
  const std::string& request = other.requests.front();
  EXPECT_EQ(request, other.requests.back());
  EXPECT_EQ(body_of(request), block->data);
  EXPECT_EQ(request.find("t0ken"), std::string::npos) << request;
  EXPECT_EQ(request.find("k3y"), std::string::npos) << request;
  EXPECT_EQ(header_of(request, "Content-Type"), "text/x-lines");
  EXPECT_EQ(header_of(request, "Sluice-Flow"), "telemetry");
  EXPECT_EQ(header_of(request, "Idempotency-Key"),
            header_of(server.requests.front(), "Idempotency-Key"));
}

TEST(HttpRedirect, CannotGoRoundForEver) {
  Server server([](int number) { return redirect_to("/" + std::to_string(number)); });
  const Answer answer = Sender(following(server.url())).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
  EXPECT_TRUE(answer.detail.starts_with("more than 5 redirects")) << answer.detail;
  EXPECT_EQ(server.requests.size(), 6U);
}

TEST(HttpRedirect, WithoutAUsableTargetNeedsAHuman) {
  for (const char* location : {"", "ftp://h/", "http://h h/", "http://\x01"}) {
    Server server([&](int /*number*/) { return redirect_to(location); });
    const Answer answer = Sender(following(server.url())).send(make_block(1, 1));
    EXPECT_NE(answer.verdict, Verdict::Confirmed) << location;
    EXPECT_FALSE(answer.detail.empty());
  }
}

TEST(HttpRedirect, EndsWhereTheOtherServerFails) {
  Server other([](int /*number*/) { return reply_of("500 Oops", "no"); });
  Server server([&](int /*number*/) { return redirect_to(other.url()); });
  const Answer answer = Sender(following(server.url())).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "500 Oops: no");
}

}  // namespace
}  // namespace sluice::uplink_tests
