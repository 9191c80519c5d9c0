// The HTTP transport and certificates that are replaced while it runs.
#include "tests/lab/receiver.h"
#include "tests/support/certificates.h"
#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/name_service.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace sluice::uplink_tests {
namespace {

using std::chrono::seconds;
using testing_support::Authority;
using testing_support::KeyPair;

class HttpsCertificates : public ::testing::Test {
 protected:
  // Processes are dear: they are made once.
  static Authority& authority() {
    static Authority authority;
    return authority;
  }
  static const KeyPair& server_pair() {
    static const KeyPair pair = authority().issue("server", "DNS:localhost,IP:127.0.0.1", 7);
    return pair;
  }
  static const KeyPair& client_pair() {
    static const KeyPair pair = authority().issue("client", "DNS:c", 5);
    return pair;
  }
  static const KeyPair& new_client_pair() {
    static const KeyPair pair = authority().issue("new client", "DNS:c", 20);
    return pair;
  }
  static const KeyPair& expired_client_pair() {
    static const KeyPair pair = authority().issue("old client", "DNS:c", -1);
    return pair;
  }

  HttpsCertificates() {
    install(client_pair().cert, "cert");
    install(client_pair().key, "key");
    install(authority().ca(), "ca");
  }
  void install(const std::string& from, const std::string& name) const {
    const std::string to = directory_.file(name);
    std::filesystem::copy_file(from, to + ".new",
                               std::filesystem::copy_options::overwrite_existing);
    std::filesystem::rename(to + ".new", to);
  }
  static lab::ReceiverOptions demanding() {
    lab::ReceiverOptions options;
    options.cert = server_pair().cert;
    options.key = server_pair().key;
    options.client_ca = authority().ca();
    return options;
  }
  [[nodiscard]] HttpTransportOptions options_to(const lab::Receiver& receiver) const {
    HttpTransportOptions options =
        options_for("https://127.0.0.1:" + std::to_string(receiver.port()) + "/v1/records");
    options.tls.ca = directory_.file("ca");
    options.tls.cert = directory_.file("cert");
    options.tls.key = directory_.file("key");
    return options;
  }
  static std::int64_t days_until(const std::optional<Timestamp>& expiry) {
    return expiry ? std::chrono::round<std::chrono::days>(*expiry - SystemClock().now()).count()
                  : -1;
  }

  testing_support::FakeClock clock_;
  testing_support::TempDirectory directory_;
};

TEST_F(HttpsCertificates, ExpireOnDaysThatAreKnown) {
  lab::Receiver receiver(demanding());
  Sender sender(options_to(receiver), clock_);
  EXPECT_EQ(days_until(sender.transport().figures().certificate_expires), 5);
  EXPECT_EQ(sender.transport().figures().server_certificate_expires, std::nullopt);
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(days_until(sender.transport().figures().server_certificate_expires), 7);
  EXPECT_EQ(sender.transport().figures().connects, 1U);
}

TEST_F(HttpsCertificates, AreReplacedOnAKeptConnectionWithinTenSeconds) {
  lab::Receiver receiver(demanding());
  Sender sender(options_to(receiver), clock_);
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  install(new_client_pair().cert, "cert");
  install(new_client_pair().key, "key");
  clock_.advance(seconds(9));
  ASSERT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(receiver.counts().connections, 1U) << "not every block looks at the files";
  clock_.advance(seconds(1));
  ASSERT_EQ(sender.send(make_block(3, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(receiver.counts().connections, 2U);
  EXPECT_EQ(days_until(sender.transport().figures().certificate_expires), 20);
  ASSERT_EQ(sender.send(make_block(4, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(receiver.counts().connections, 2U);
}

TEST_F(HttpsCertificates, ThatAreReplacedHalfWayChangeNothing) {
  lab::Receiver receiver(demanding());
  Sender sender(options_to(receiver), clock_);
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  install(new_client_pair().cert, "cert");
  for (std::uint64_t i = 2; i < 5; ++i) {
    clock_.advance(seconds(10));
    ASSERT_EQ(sender.send(make_block(i, 1)).verdict, Verdict::Confirmed);
    sender.transport().cancel();  // so that the next one needs a new connection
  }
  EXPECT_EQ(days_until(sender.transport().figures().certificate_expires), 5);
  install(new_client_pair().key, "key");
  ASSERT_EQ(sender.send(make_block(9, 1)).verdict, Verdict::Confirmed) << "at once";
  EXPECT_EQ(days_until(sender.transport().figures().certificate_expires), 20);
}

TEST_F(HttpsCertificates, ThatHaveExpiredAreRepairedWithoutARestart) {
  install(expired_client_pair().cert, "cert");
  install(expired_client_pair().key, "key");
  lab::Receiver receiver(demanding());
  Sender sender(options_to(receiver), clock_);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = sender.send(make_block(1, 1));
    EXPECT_EQ(answer.verdict, Verdict::Retry);
    EXPECT_NE(answer.detail.find("expired"), std::string::npos) << answer.detail;
  }
  install(client_pair().cert, "cert");
  install(client_pair().key, "key");
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(receiver.counts().records, 1U);
}

TEST_F(HttpsCertificates, OfANewAuthorityAreBelievedWhenItsFileIsThere) {
  Authority other;
  const KeyPair pair = other.issue("server");
  lab::ReceiverOptions options;
  options.cert = pair.cert;
  options.key = pair.key;
  lab::Receiver receiver(options);
  Sender sender(options_to(receiver), clock_);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Retry);
  install(other.ca(), "ca");
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

// Where a redirect leads, the host's name is the one of its own URL, and nobody is shown our
// certificate.
TEST_F(HttpsCertificates, AreNotShownToWhereARedirectLeads) {
  lab::Receiver asking(demanding());
  lab::ReceiverOptions content;
  content.cert = server_pair().cert;
  content.key = server_pair().key;
  lab::Receiver not_asking(content);
  for (auto* other : {&asking, &not_asking}) {
    RawServer first([&](RawServer::Connection& connection, int /*number*/) {
      connection.read_request();
      connection.write(reply_of(
          "307 Elsewhere", "",
          "Location: https://127.0.0.1:" + std::to_string(other->port()) + "/v1/records\r\n"));
    });
    HttpTransportOptions options = options_to(asking);
    options.url = *parse_url(first.url());
    options.follow_redirects = true;
    options.tls.server_name = "only.of.the.first";
    const Answer answer = Sender(options, clock_).send(make_block(1, 1));
    if (other == &asking) {
      EXPECT_EQ(answer.verdict, Verdict::Retry);
      EXPECT_NE(answer.detail.find("certificate required"), std::string::npos) << answer.detail;
    } else {
      EXPECT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
    }
  }
}

TEST_F(HttpsCertificates, AreUsedToFetchTokens) {
  name_resolves_to("tokens.test", "127.0.0.1");
  const KeyPair pair = authority().issue("tokens", "DNS:tokens.test");
  lab::ReceiverOptions options = demanding();
  options.cert = pair.cert;
  options.key = pair.key;
  lab::Receiver tokens(options);
  lab::Receiver receiver(demanding());
  HttpTransportOptions with_tokens = options_to(receiver);
  with_tokens.tls.server_name = "localhost";  // of the destination, not of the server of tokens
  with_tokens.auth.oauth2.client_id = "me";
  with_tokens.auth.oauth2.token_url =
      *parse_url("https://tokens.test:" + std::to_string(tokens.port()) + "/token");
  const Answer answer = Sender(with_tokens, clock_).send(make_block(1, 1));
  // It has no tokens to give, but it was asked, and so it has seen the certificate.
  EXPECT_TRUE(answer.detail.ends_with("it answers 400")) << answer.detail;
  EXPECT_EQ(tokens.counts().refused, 1U);
  EXPECT_EQ(receiver.counts().connections, 0U);
}

}  // namespace
}  // namespace sluice::uplink_tests
