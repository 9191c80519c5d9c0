// Sends blocks to an HTTP endpoint. The request is described in uplink/PROTOCOL.md.
#pragma once

#include "core/transport.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "uplink/answers.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

enum class HttpCompression { Zstd, Gzip, None };

// A token fetched with the client's own credentials (RFC 6749, section 4.4), kept until it grows
// old, and fetched again once when the destination answers 401.
struct OAuth2Options {
  Url token_url;
  std::string client_id;  // empty: no OAuth 2.0
  std::string client_secret;
  std::string client_secret_file;    // instead of client_secret; read again when it changes
  std::string scope;                 // empty: whatever the server grants
  bool credentials_in_body = false;  // instead of the Authorization header, for odd servers
};

// How the agent proves who it is: at most one of the three.
struct HttpAuth {
  std::string bearer;    // sent as "Authorization: Bearer …" if not empty
  std::string username;  // sent as "Authorization: Basic …" if not empty
  std::string password;
  std::string bearer_file = {};    // instead of bearer; read again when it changes
  std::string password_file = {};  // instead of password; the same
  OAuth2Options oauth2 = {};
};

struct HttpTransportOptions {
  Url url;
  std::vector<Url> fallback_urls;  // used by turns while `url` fails, see failover.h
  std::chrono::milliseconds failback_after{60'000};  // then `url` is tried again
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
  HttpCompression compression = HttpCompression::Zstd;
  HttpAuth auth;
  TlsOptions tls;
  Url proxy;                      // of http; no host: as the environment says
  bool follow_redirects = false;  // 307 and 308 only, at most 5 for one request
  std::chrono::milliseconds timeout{
      30'000};              // of every step: resolve, connect, handshake, write, read
  ResponseRules responses;  // what a status means here, where that is not what it usually means
};

// Keeps one connection alive. A stored zstd frame is sent verbatim; gzip and none decode it first.
// Rejects options that cannot work (certificates that do not load). Files of secrets may come
// later: until they do, every send() is answered Misconfigured. `clock` outlives the transport.
Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity,
                                                       const Clock& clock = system_clock());

}  // namespace sluice
