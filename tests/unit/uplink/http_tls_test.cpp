// The HTTP transport over TLS.
#include "tests/lab/receiver.h"
#include "tests/support/certificates.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

namespace sluice::uplink_tests {
namespace {

using testing_support::Authority;
using testing_support::KeyPair;

class HttpsTransport : public ::testing::Test {
 protected:
  static Authority& authority() {
    static Authority authority;  // costs a few processes
    return authority;
  }
  static std::unique_ptr<lab::Receiver> receiver(const KeyPair& pair,
                                                 const std::string& client_ca = "") {
    lab::ReceiverOptions options;
    options.cert = pair.cert;
    options.key = pair.key;
    options.client_ca = client_ca;
    return std::make_unique<lab::Receiver>(options);
  }
  static HttpTransportOptions options_to(const lab::Receiver& receiver) {
    HttpTransportOptions options =
        options_for("https://127.0.0.1:" + std::to_string(receiver.port()) + "/v1/records");
    options.tls.ca = authority().ca();
    return options;
  }
};

TEST_F(HttpsTransport, DeliversOverOneKeptConnection) {
  const auto server = receiver(authority().issue("server"));
  Sender sender(options_to(*server));
  for (std::uint64_t i = 0; i < 20; ++i) {
    const Answer answer = sender.send(make_block(1 + i * 1000, 1000));
    ASSERT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  EXPECT_EQ(server->counts().records, 20'000U);
  EXPECT_EQ(server->counts().connections, 1U);
  EXPECT_EQ(server->counts().malformed, 0U);
}

TEST_F(HttpsTransport, DeliversAnotherHostsNameIfToldTo) {
  const auto server = receiver(authority().issue("named", "DNS:ingest.example"));
  HttpTransportOptions options = options_to(*server);
  const Answer wrong = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(wrong.verdict, Verdict::Retry);
  EXPECT_NE(wrong.detail.find("does not verify"), std::string::npos) << wrong.detail;
  options.tls.server_name = "ingest.example";
  EXPECT_EQ(Sender(options).send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST_F(HttpsTransport, DoesNotTalkToAServerOfAnUnknownAuthority) {
  Authority other;
  const auto server = receiver(other.issue("server"));
  Sender sender(options_to(*server));
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("tls.ca"), std::string::npos) << answer.detail;
  EXPECT_EQ(server->counts().requests, 0U);
}

TEST_F(HttpsTransport, DoesNotTalkToAServerWithAnExpiredCertificate) {
  const auto server = receiver(authority().issue("old", "IP:127.0.0.1", -1));
  Sender sender(options_to(*server));
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("expired"), std::string::npos) << answer.detail;
}

TEST_F(HttpsTransport, ProvesWhoItIsWhenAsked) {
  const auto server = receiver(authority().issue("server"), authority().ca());
  HttpTransportOptions options = options_to(*server);
  const KeyPair client = authority().issue("client");
  options.tls.cert = client.cert;
  options.tls.key = client.key;
  const Answer answer = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
}

TEST_F(HttpsTransport, RetriesWhenItCannotProveWhoItIs) {
  const auto server = receiver(authority().issue("server"), authority().ca());
  Sender sender(options_to(*server));
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_NE(answer.detail.find("certificate required"), std::string::npos) << answer.detail;
  EXPECT_EQ(server->counts().requests, 0U);
}

TEST_F(HttpsTransport, EndsAHandshakeThatDoesNotComeToAnEnd) {
  RawServer server(
      [](RawServer::Connection& connection, int /*number*/) { connection.wait_for_the_end(); });
  HttpTransportOptions options = options_for(server.url());
  options.url.scheme = "https";
  options.timeout = std::chrono::milliseconds(50);
  const Answer answer = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "the TLS handshake did not end within 0.05 s");
}

TEST_F(HttpsTransport, RetriesWhenTheServerDoesNotSpeakTls) {
  RawServer server([](RawServer::Connection& connection, int /*number*/) {
    connection.read(5);
    connection.write("HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  HttpTransportOptions options = options_for(server.url());
  options.url.scheme = "https";
  const Answer answer = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_TRUE(answer.detail.starts_with("TLS handshake failed")) << answer.detail;
}

}  // namespace
}  // namespace sluice::uplink_tests
