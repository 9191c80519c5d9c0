#include "net/tls.h"

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>

namespace sluice {

namespace {

namespace ssl = boost::asio::ssl;

Error cannot_load(const char* what, const std::string& file,
                  const boost::system::error_code& error) {
  return {Reaction::Reject, std::string("cannot load the ") + what + " " + file + ": " +
                                error.message() + " (expected a readable PEM file)"};
}

Status trust(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  if (options.insecure_skip_verify) {
    context.set_verify_mode(ssl::verify_none, error);
    return {};
  }
  context.set_verify_mode(ssl::verify_peer, error);
  if (options.ca.empty()) {
    context.set_default_verify_paths(error);
    return error ? Status(cannot_load("system's trusted certificates", "", error)) : Status{};
  }
  context.load_verify_file(options.ca, error);
  return error ? Status(cannot_load("CA certificate", options.ca, error)) : Status{};
}

Status identify(ssl::context& context, const TlsOptions& options) {
  if (options.cert.empty() && options.key.empty()) {
    return {};
  }
  if (options.cert.empty() || options.key.empty()) {
    return Error{Reaction::Reject, "tls.cert and tls.key go together: only one of them is set"};
  }
  boost::system::error_code error;
  context.use_certificate_chain_file(options.cert, error);
  if (error) {
    return cannot_load("client certificate", options.cert, error);
  }
  context.use_private_key_file(options.key, ssl::context::pem, error);
  // Two of the same kind are compared while they load, two of different kinds (RSA, EC) are not.
  const bool mismatch = error ? ERR_GET_REASON(static_cast<unsigned long>(error.value())) ==
                                    X509_R_KEY_VALUES_MISMATCH
                              : SSL_CTX_check_private_key(context.native_handle()) != 1;
  ERR_clear_error();
  if (mismatch) {
    return Error{Reaction::Reject, "the private key " + options.key +
                                       " does not belong to the certificate " + options.cert};
  }
  return error ? Status(cannot_load("private key", options.key, error)) : Status{};
}

// The wire form of a protocol list: each name preceded by its length. Source: RFC 7301 §3.1.
Result<std::string> alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return Error{Reaction::Reject, "an ALPN protocol has 1 to 255 bytes"};
    }
    list += static_cast<char>(protocol.size());
    list += protocol;
  }
  return list;
}

bool is_address(const std::string& host) {
  boost::system::error_code error;
  boost::asio::ip::make_address(host, error);
  return !error;
}

Status expect_name(SSL* handle, const std::string& name) {
  if (is_address(name)) {
    X509_VERIFY_PARAM* parameters = SSL_get0_param(handle);
    if (X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1) {
      return {};
    }
  } else if (SSL_set1_host(handle, name.c_str()) == 1 &&
             SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                      // OpenSSL only reads it.
                      // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
                      const_cast<char*>(name.c_str())) == 1) {
    return {};
  }
  ERR_clear_error();
  return Error{Reaction::Reject, "not a valid TLS server name: " + name};
}

// Nothing if the certificate does not tell.
std::optional<Timestamp> expiry_of(const X509* certificate) {
  std::tm parts{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
    return std::nullopt;
  }
  return Timestamp(std::chrono::seconds(timegm(&parts)));
}

std::optional<Timestamp> earlier(std::optional<Timestamp> one, std::optional<Timestamp> other) {
  if (!one || !other) {
    return one ? one : other;
  }
  return std::min(*one, *other);
}

std::optional<Timestamp> expiry_of(const STACK_OF(X509) * chain) {
  std::optional<Timestamp> first;
  for (int i = 0; i < sk_X509_num(chain); ++i) {  // none in a chain that is not there
    first = earlier(first, expiry_of(sk_X509_value(chain, i)));
  }
  return first;
}

}  // namespace

Result<TlsContext> make_client_tls(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // Idle connections give their buffers back: 2 x 16 KiB each matter on a small device.
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  if (Status trusted = trust(*context, options); !trusted) {
    return trusted.error();
  }
  if (Status identified = identify(*context, options); !identified) {
    return identified.error();
  }
  return context;
}

Status prepare_client_tls(SSL* stream_handle, const TlsOptions& options, const std::string& host) {
  const std::string& name = options.server_name.empty() ? host : options.server_name;
  if (Status expected = expect_name(stream_handle, name); !expected) {
    return expected;
  }
  auto protocols = alpn_list(options.alpn);
  if (!protocols) {
    return protocols.error();
  }
  if (protocols->empty()) {
    return {};
  }
  const auto* bytes = reinterpret_cast<const unsigned char*>(protocols->data());
  if (SSL_set_alpn_protos(stream_handle, bytes, static_cast<unsigned>(protocols->size())) != 0) {
    return Error{Reaction::Reject, "the ALPN protocols cannot be offered"};
  }
  return {};
}

std::string tls_failure(SSL* stream_handle, const boost::system::error_code& error) {
  const long verification = SSL_get_verify_result(stream_handle);
  if (verification == X509_V_OK) {
    return "TLS handshake failed: " + error.message();
  }
  std::string text = "the server's certificate does not verify: ";
  text += X509_verify_cert_error_string(verification);
  switch (verification) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      text += "; use the name in the certificate, or set tls.server_name to it";
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      text += "; check the clock of this device, then the certificate";
      break;
    default:
      text += "; set tls.ca to the certificate of its issuer";
      break;
  }
  return text;
}

std::optional<Timestamp> own_certificate_expiry(const TlsContext& context) {
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(context->native_handle(), &chain);
  return earlier(expiry_of(SSL_CTX_get0_certificate(context->native_handle())), expiry_of(chain));
}

std::optional<Timestamp> peer_certificate_expiry(SSL* stream_handle) {
  return expiry_of(SSL_get_peer_cert_chain(stream_handle));
}

}  // namespace sluice
