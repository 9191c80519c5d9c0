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

struct HttpAuth {
  std::string bearer;    // sent as "Authorization: Bearer …" if not empty
  std::string username;  // sent as "Authorization: Basic …" if not empty
  std::string password;
};

struct HttpTransportOptions {
  Url url;
  std::string method = "POST";
  std::vector<std::pair<std::string, std::string>> headers;
  HttpCompression compression = HttpCompression::Zstd;
  HttpAuth auth;
  TlsOptions tls;
  std::chrono::milliseconds timeout{
      30'000};              // of every step: resolve, connect, handshake, write, read
  ResponseRules responses;  // what a status means here, where that is not what it usually means
};

// Keeps one connection alive. A stored zstd frame is sent verbatim; gzip and none decode it first.
// Rejects options that cannot work (certificates that do not load).
Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity);

}  // namespace sluice
