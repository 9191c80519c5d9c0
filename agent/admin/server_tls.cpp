#include "admin/server_tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <string>

namespace sluice {

namespace {

namespace ssl = boost::asio::ssl;

Error cannot_load(const char* what, const std::string& file,
                  const boost::system::error_code& error) {
  return {Reaction::Retry, std::string("cannot load the ") + what + ' ' + file + ": " +
                               error.message() + " (expected a readable PEM file)"};
}

Status ask_for_certificates(ssl::context& context, const std::string& issuers) {
  boost::system::error_code error;
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  if (!error) {
    context.load_verify_file(issuers, error);
  }
  if (error) {
    return cannot_load("issuers of client certificates", issuers, error);
  }
  // Tells the client which of its certificates will do. Without the list it sends any.
  SSL_CTX_set_client_CA_list(context.native_handle(), SSL_load_client_CA_file(issuers.c_str()));
  // Sessions that are taken up again are bound to this use of the certificates.
  constexpr std::string_view kContext = "sluice-admin";
  SSL_CTX_set_session_id_context(context.native_handle(),
                                 reinterpret_cast<const unsigned char*>(kContext.data()),
                                 static_cast<unsigned>(kContext.size()));
  return {};
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_server_tls(const AdminTls& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION);
  boost::system::error_code error;
  context->use_certificate_chain_file(options.cert, error);
  if (error) {
    return cannot_load("certificate", options.cert, error);
  }
  context->use_private_key_file(options.key, ssl::context::pem, error);
  if (error) {
    return cannot_load("private key", options.key, error);
  }
  if (SSL_CTX_check_private_key(context->native_handle()) != 1) {
    ERR_clear_error();
    return Error{Reaction::Retry, "the private key " + options.key +
                                      " does not belong to the certificate " + options.cert};
  }
  if (!options.client_ca.empty()) {
    if (Status asked = ask_for_certificates(*context, options.client_ca); !asked) {
      return asked.error();
    }
  }
  return context;
}

}  // namespace sluice
