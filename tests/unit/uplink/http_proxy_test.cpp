// The HTTP transport behind a proxy.
#include "tests/lab/receiver.h"
#include "tests/support/certificates.h"
#include "tests/support/process.h"
#include "tests/unit/uplink/name_service.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using testing_support::Authority;
using testing_support::KeyPair;
using Connection = RawServer::Connection;

const std::string kTunnel = "HTTP/1.1 200 Connection established\r\n\r\n";

class HttpProxyTest : public ::testing::Test {
 protected:
  static Authority& authority() {
    static Authority authority;  // costs a few processes
    return authority;
  }
  // Its certificate is for ingest.test, a name that nobody but the proxy has to know.
  static std::unique_ptr<lab::Receiver> secure_receiver() {
    static const KeyPair pair = authority().issue("server", "DNS:ingest.test");
    lab::ReceiverOptions options;
    options.cert = pair.cert;
    options.key = pair.key;
    return std::make_unique<lab::Receiver>(options);
  }
  static HttpTransportOptions options_through(const RawServer& proxy, const std::string& url) {
    HttpTransportOptions options = options_for(url);
    options.proxy = *parse_url("http://agent:s3cret@127.0.0.1:" + std::to_string(proxy.port()));
    options.tls.ca = authority().ca();
    return options;
  }
  // What becomes of a block if the proxy answers CONNECT like this.
  static Answer answer_to(const std::string& reply,
                          milliseconds timeout = std::chrono::seconds(20)) {
    RawServer proxy([&](Connection& connection, int /*number*/) {
      connection.read_head();
      connection.write(reply);
      connection.wait_for_the_end();
    });
    HttpTransportOptions options = options_through(proxy, "https://ingest.test/");
    options.timeout = timeout;
    return Sender(options).send(make_block(1, 1));
  }
};

TEST_F(HttpProxyTest, OpensATunnelForHttps) {
  const auto server = secure_receiver();
  std::string asked;
  RawServer proxy([&](Connection& connection, int /*number*/) {
    asked = connection.read_head();
    connection.write(kTunnel);
    connection.relay_to(server->port());
  });
  Sender sender(options_through(proxy, "https://ingest.test:8443/v1/records"));
  for (std::uint64_t i = 0; i < 10; ++i) {
    const Answer answer = sender.send(make_block(1 + i * 1000, 1000));
    ASSERT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  EXPECT_EQ(server->counts().records, 10'000U);
  EXPECT_EQ(server->counts().connections, 1U);
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_TRUE(asked.starts_with("CONNECT ingest.test:8443 HTTP/1.1\r\nHost: ingest.test:8443\r\n"))
      << asked;
  EXPECT_EQ(header_of(asked, "Proxy-Authorization"), "Basic YWdlbnQ6czNjcmV0");
  EXPECT_EQ(asked.find("\r\nAuthorization"), std::string::npos);
  EXPECT_EQ(asked.find("Sluice-"), std::string::npos);
}

TEST_F(HttpProxyTest, DoesNotTellTheServerHowToUseTheProxy) {
  const auto server = secure_receiver();
  std::map<std::string, std::string> seen;
  server->observe([&](const std::map<std::string, std::string>& headers,
                      const std::string& /*lines*/) { seen = headers; });
  RawServer proxy([&](Connection& connection, int /*number*/) {
    connection.read_head();
    connection.write(kTunnel);
    connection.relay_to(server->port());
  });
  {
    Sender sender(options_through(proxy, "https://ingest.test/"));
    ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  }
  server->stop();
  EXPECT_EQ(seen.at("host"), "ingest.test");
  EXPECT_FALSE(seen.contains("proxy-authorization"));
}

TEST_F(HttpProxyTest, AsksForTheWholeUrlWithoutTls) {
  std::vector<std::string> requests;
  RawServer proxy([&](Connection& connection, int /*number*/) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      requests.push_back(request);
      connection.write(kOk);
    }
  });
  {
    Sender sender(options_through(proxy, "http://ingest.test:8080/v1/records?x=1"));
    ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
    ASSERT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(proxy.connections(), 1);
  ASSERT_EQ(requests.size(), 2U);
  for (const std::string& request : requests) {
    EXPECT_TRUE(request.starts_with("POST http://ingest.test:8080/v1/records?x=1 HTTP/1.1\r\n"));
    EXPECT_EQ(header_of(request, "Host"), "ingest.test:8080");
    EXPECT_EQ(header_of(request, "Proxy-Authorization"), "Basic YWdlbnQ6czNjcmV0");
  }
}

TEST_F(HttpProxyTest, NeedsAHumanWhenTheProxyDoesNotKnowUs) {
  for (const char* status : {"407 Proxy Authentication Required", "403 Forbidden"}) {
    const Answer answer = answer_to(reply_of(status, "who are you"));
    EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
    EXPECT_NE(answer.detail.find("the proxy 127.0.0.1"), std::string::npos) << answer.detail;
    EXPECT_NE(answer.detail.find(std::string(status).substr(0, 3)), std::string::npos)
        << answer.detail;
    EXPECT_EQ(answer.detail.find("s3cret"), std::string::npos);
  }
  RawServer proxy([](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write(reply_of("407 Proxy Authentication Required", ""));
  });
  EXPECT_EQ(Sender(options_through(proxy, "http://ingest.test/")).send(make_block(1, 1)).verdict,
            Verdict::Misconfigured);
}

TEST_F(HttpProxyTest, TriesAgainWhenTheProxyCannotHelpNow) {
  for (const std::string& reply :
       {reply_of("502 Bad Gateway", ""), reply_of("504 Gateway Timeout", ""),
        reply_of("429 Too Many Requests", ""), std::string("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"),
        std::string("HTTP/1.1 xyz\r\n\r\n"), std::string("HTTP/1.1\r\n\r\n"),
        std::string(100'000, 'x'), kTunnel + "more than was asked for"}) {
    const Answer answer = answer_to(reply);
    EXPECT_EQ(answer.verdict, Verdict::Retry) << reply.substr(0, 40) << answer.detail;
    EXPECT_NE(answer.detail.find("the proxy 127.0.0.1"), std::string::npos) << answer.detail;
  }
}

TEST_F(HttpProxyTest, DoesNotWaitForEverForAProxyThatIsSilent) {
  for (const char* part : {"", "HTTP/1.1 200 Connection"}) {
    const Answer answer = answer_to(part, milliseconds(200));
    EXPECT_EQ(answer.verdict, Verdict::Retry);
    EXPECT_EQ(answer.detail,
              "the proxy 127.0.0.1 did not open a tunnel to ingest.test within "
              "0.2 s");
  }
}

TEST_F(HttpProxyTest, SaysThatItIsTheProxyThatIsAway) {
  HttpTransportOptions options = options_for("https://ingest.test/");
  options.proxy = *parse_url("http://127.0.0.1:" + std::to_string(testing_support::free_port()));
  const Answer refused = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(refused.verdict, Verdict::Retry);
  EXPECT_TRUE(refused.detail.starts_with("cannot connect to the proxy 127.0.0.1 port "))
      << refused.detail;
  options.proxy.host = "no-such-proxy.test";
  const Answer unknown = Sender(options).send(make_block(1, 1));
  EXPECT_TRUE(unknown.detail.starts_with("cannot resolve the proxy no-such-proxy.test: "))
      << unknown.detail;
}

TEST_F(HttpProxyTest, ChecksTheServersNameBehindTheProxy) {
  const auto server = secure_receiver();
  RawServer proxy([&](Connection& connection, int /*number*/) {
    connection.read_head();
    connection.write(kTunnel);
    connection.relay_to(server->port());
  });
  const Answer answer =
      Sender(options_through(proxy, "https://other.test/")).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("does not verify"), std::string::npos) << answer.detail;
  EXPECT_EQ(server->counts().requests, 0U);
}

TEST_F(HttpProxyTest, MayComeFromTheEnvironment) {
  RawServer proxy([](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write(kOk);
  });
  lab::Receiver direct({});
  name_resolves_to("inside.test", "127.0.0.1");
  const std::string address = "127.0.0.1:" + std::to_string(proxy.port());
  setenv("http_proxy", address.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  setenv("no_proxy", "inside.test", 1);      // NOLINT(concurrency-mt-unsafe)
  {
    Sender outside(options_for("http://outside.test/"));
    EXPECT_EQ(outside.send(make_block(1, 1)).verdict, Verdict::Confirmed);
    Sender inside(options_for("http://inside.test:" + std::to_string(direct.port()) + "/"));
    EXPECT_EQ(inside.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  }
  unsetenv("http_proxy");  // NOLINT(concurrency-mt-unsafe)
  unsetenv("no_proxy");    // NOLINT(concurrency-mt-unsafe)
  EXPECT_EQ(proxy.connections(), 1);
  EXPECT_EQ(direct.counts().requests, 1U);
}

}  // namespace
}  // namespace sluice::uplink_tests
