// Real handshakes over loopback, both sides on the thread of the test.
#include "net/tls.h"

#include "tests/support/certificates.h"
#include "tests/support/temp_directory.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <optional>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using testing_support::Authority;
using testing_support::KeyPair;
using testing_support::TempDirectory;
using Failure = boost::system::error_code;

constexpr std::string_view kOffered = "\x08http/1.1";

// The server's side of one handshake. Takes http/1.1 if ALPN offers it.
ssl::context server_context(const KeyPair& pair, const std::string& client_ca) {
  ssl::context context(ssl::context::tls_server);
  context.use_certificate_chain_file(pair.cert);
  context.use_private_key_file(pair.key, ssl::context::pem);
  if (!client_ca.empty()) {
    context.load_verify_file(client_ca);
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  }
  SSL_CTX_set_alpn_select_cb(
      context.native_handle(),
      [](SSL* /*handle*/, const unsigned char** out, unsigned char* size, const unsigned char* in,
         unsigned in_size, void* /*context*/) {
        const std::string_view offered(reinterpret_cast<const char*>(in), in_size);
        const std::size_t at = offered.find(kOffered);
        if (at == std::string_view::npos) {
          return SSL_TLSEXT_ERR_NOACK;
        }
        *out = in + at + 1;
        *size = static_cast<unsigned char>(kOffered.size() - 1);
        return SSL_TLSEXT_ERR_OK;
      },
      nullptr);
  return context;
}

struct Outcome {
  std::string failure;      // in the words of tls_failure(); empty if a byte came through
  std::string server_name;  // SNI
  std::string protocol;     // ALPN
  std::string version;
};

struct Setting {
  KeyPair server;
  std::string client_ca;  // the server demands a certificate of this issuer
  int newest_version = 0;
  std::string host = "127.0.0.1";
};

// Both handshakes and one byte from the server: with TLS 1.3 a client hears only then whether the
// server has accepted its certificate.
class Meeting {
 public:
  Meeting(const Setting& setting, const TlsContext& client, const TlsOptions& options)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        client_socket_(io_),
        server_socket_(io_),
        context_(server_context(setting.server, setting.client_ca)) {
    if (setting.newest_version != 0) {
      SSL_CTX_set_max_proto_version(context_.native_handle(), setting.newest_version);
      SSL_CTX_set_security_level(context_.native_handle(), 0);
    }
    client_socket_.connect(acceptor_.local_endpoint());
    acceptor_.accept(server_socket_);
    client_.emplace(client_socket_, *client);
    server_.emplace(server_socket_, context_);
    if (const Status prepared = prepare_client_tls(client_->native_handle(), options, setting.host);
        !prepared) {
      outcome_.failure = prepared.error().message;
      return;
    }
    shake_hands();
    io_.run_for(std::chrono::seconds(30));
  }

  [[nodiscard]] const Outcome& outcome() const { return outcome_; }

 private:
  void shake_hands() {
    outcome_.failure = "never ended";
    server_->async_handshake(ssl::stream_base::server, [this](const Failure& failure) {
      if (failure) {
        Failure ignored;
        server_socket_.shutdown(tcp::socket::shutdown_send, ignored);
        return;
      }
      const char* name = SSL_get_servername(server_->native_handle(), TLSEXT_NAMETYPE_host_name);
      outcome_.server_name = name != nullptr ? name : "";
      asio::async_write(*server_, asio::buffer("!", 1), [](const Failure&, std::size_t) {});
    });
    client_->async_handshake(ssl::stream_base::client, [this](const Failure& failure) {
      if (failure) {
        ended(failure);
        return;
      }
      const unsigned char* protocol = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(client_->native_handle(), &protocol, &size);
      outcome_.protocol = std::string(reinterpret_cast<const char*>(protocol), size);
      outcome_.version = SSL_get_version(client_->native_handle());
      asio::async_read(*client_, asio::buffer(byte_),
                       [this](const Failure& lost, std::size_t /*bytes*/) { ended(lost); });
    });
  }

  void ended(const Failure& failure) {
    outcome_.failure = failure ? tls_failure(client_->native_handle(), failure) : "";
    Failure ignored;
    client_socket_.close(ignored);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  tcp::socket client_socket_;
  tcp::socket server_socket_;
  ssl::context context_;
  std::optional<ssl::stream<tcp::socket&>> client_;
  std::optional<ssl::stream<tcp::socket&>> server_;
  std::array<char, 1> byte_{};
  Outcome outcome_;
};

Outcome meet(const Setting& setting, const TlsOptions& options) {
  const auto context = make_client_tls(options);
  if (!context) {
    return {.failure = context.error().message, .server_name = {}, .protocol = {}, .version = {}};
  }
  return Meeting(setting, *context, options).outcome();
}

bool mentions(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

class ClientTls : public ::testing::Test {
 protected:
  static Authority& authority() {
    static Authority authority;  // costs a few processes
    return authority;
  }
  static const KeyPair& server() {
    static const KeyPair pair = authority().issue("server");
    return pair;
  }
  static const KeyPair& client() {
    static const KeyPair pair = authority().issue("client");
    return pair;
  }
  static TlsOptions trusting() {
    TlsOptions options;
    options.ca = authority().ca();
    return options;
  }
};

TEST_F(ClientTls, TrustsACertificateOfItsAuthorityForTheAddressOrNameItAskedFor) {
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const Outcome outcome = meet({.server = server(), .client_ca = "", .host = host}, trusting());
    EXPECT_EQ(outcome.failure, "") << host;
    EXPECT_EQ(outcome.version, "TLSv1.3");
  }
}

TEST_F(ClientTls, TellsTheServerWhichNameItWantsButNeverAnAddress) {
  EXPECT_EQ(
      meet({.server = server(), .client_ca = "", .host = "localhost"}, trusting()).server_name,
      "localhost");
  EXPECT_EQ(
      meet({.server = server(), .client_ca = "", .host = "127.0.0.1"}, trusting()).server_name, "");
}

TEST_F(ClientTls, DoesNotTrustAnotherName) {
  for (const char* host : {"127.0.0.2", "localhost.example", "server"}) {
    const Outcome outcome = meet({.server = server(), .client_ca = "", .host = host}, trusting());
    EXPECT_TRUE(mentions(outcome.failure, "tls.server_name")) << host << ": " << outcome.failure;
  }
}

TEST_F(ClientTls, ExpectsTheConfiguredNameInsteadOfTheHost) {
  TlsOptions options = trusting();
  options.server_name = "localhost";
  const Outcome outcome = meet({.server = server(), .client_ca = "", .host = "10.1.2.3"}, options);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.server_name, "localhost");
}

TEST_F(ClientTls, DoesNotTrustAnotherAuthority) {
  Authority other;
  const Outcome outcome = meet({.server = other.issue("server"), .client_ca = ""}, trusting());
  EXPECT_TRUE(mentions(outcome.failure, "tls.ca")) << outcome.failure;
}

TEST_F(ClientTls, DoesNotTrustTheTestAuthorityByDefault) {
  EXPECT_NE(meet({.server = server(), .client_ca = ""}, TlsOptions{}).failure, "");
}

TEST_F(ClientTls, DoesNotTrustAnExpiredCertificate) {
  const KeyPair old = authority().issue("old", "IP:127.0.0.1", -1);
  const Outcome outcome = meet({.server = old, .client_ca = ""}, trusting());
  EXPECT_TRUE(mentions(outcome.failure, "expired")) << outcome.failure;
  EXPECT_TRUE(mentions(outcome.failure, "clock")) << outcome.failure;
}

TEST_F(ClientTls, TrustsAnybodyWhenToldNotToLook) {
  Authority other;
  TlsOptions options;
  options.insecure_skip_verify = true;
  EXPECT_EQ(
      meet({.server = other.issue("old", "DNS:elsewhere", -1), .client_ca = ""}, options).failure,
      "");
}

TEST_F(ClientTls, ProvesWhoItIs) {
  TlsOptions options = trusting();
  options.cert = client().cert;
  options.key = client().key;
  EXPECT_EQ(meet({.server = server(), .client_ca = authority().ca()}, options).failure, "");
}

TEST_F(ClientTls, IsTurnedAwayWithoutACertificateTheServerKnows) {
  EXPECT_NE(meet({.server = server(), .client_ca = authority().ca()}, trusting()).failure, "");
  Authority other;
  const KeyPair stranger = other.issue("stranger");
  TlsOptions options = trusting();
  options.cert = stranger.cert;
  options.key = stranger.key;
  EXPECT_NE(meet({.server = server(), .client_ca = authority().ca()}, options).failure, "");
}

TEST_F(ClientTls, OffersTheProtocolsItIsTold) {
  TlsOptions options = trusting();
  EXPECT_EQ(meet({.server = server(), .client_ca = ""}, options).protocol, "");
  options.alpn = {"x-amzn-mqtt-ca", "http/1.1"};
  const Outcome outcome = meet({.server = server(), .client_ca = ""}, options);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.protocol, "http/1.1");
  options.alpn = {""};
  EXPECT_TRUE(mentions(meet({.server = server(), .client_ca = ""}, options).failure, "ALPN"));
}

TEST_F(ClientTls, SpeaksTls12AndNothingOlder) {
  const Outcome older =
      meet({.server = server(), .client_ca = "", .newest_version = TLS1_2_VERSION}, trusting());
  EXPECT_EQ(older.failure, "");
  EXPECT_EQ(older.version, "TLSv1.2");
  EXPECT_NE(
      meet({.server = server(), .client_ca = "", .newest_version = TLS1_1_VERSION}, trusting())
          .failure,
      "");
}

TEST_F(ClientTls, RejectsFilesThatDoNotLoadByName) {
  const TempDirectory directory;
  const std::string text = directory.file("text.pem");
  std::ofstream(text) << "not a certificate\n";
  for (const std::string& file : {text, directory.file("missing.pem")}) {
    TlsOptions bad_ca;
    bad_ca.ca = file;
    TlsOptions bad_cert = trusting();
    bad_cert.cert = file;
    bad_cert.key = client().key;
    TlsOptions bad_key = trusting();
    bad_key.cert = client().cert;
    bad_key.key = file;
    for (const TlsOptions& options : {bad_ca, bad_cert, bad_key}) {
      const auto context = make_client_tls(options);
      ASSERT_FALSE(context);
      EXPECT_EQ(context.error().reaction, Reaction::Reject);
      EXPECT_TRUE(mentions(context.error().message, file)) << context.error().message;
    }
  }
}

TEST_F(ClientTls, RejectsAKeyWithoutItsCertificate) {
  TlsOptions options = trusting();
  options.cert = client().cert;
  EXPECT_FALSE(make_client_tls(options));
  options.key = server().key;
  const auto context = make_client_tls(options);
  ASSERT_FALSE(context);
  EXPECT_TRUE(mentions(context.error().message, "does not belong")) << context.error().message;
  options.cert = "";
  EXPECT_FALSE(make_client_tls(options));
  options.cert = server().cert;
  EXPECT_TRUE(make_client_tls(options)) << "an earlier rejection must leave nothing behind";
}

}  // namespace
}  // namespace sluice
