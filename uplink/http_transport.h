// Sends blocks to an HTTP endpoint. The request is described in uplink/PROTOCOL.md.
#pragma once

#include "core/transport.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "uplink/answers.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
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

// Who is speaking: becomes the Sluice-* headers and the idempotency key.
struct SenderIdentity {
  std::string agent;
  std::string version = "dev";  // of sluice, for the User-Agent header
  std::uint64_t epoch = 0;
  std::vector<std::string> flows;         // by FlowIndex
  std::vector<std::string> flow_configs;  // hash of each flow's definition, by FlowIndex
};

// Keeps one connection alive. A stored zstd frame is sent verbatim; gzip and none decode it first.
// Rejects options that cannot work (certificates that do not load).
Result<std::unique_ptr<Transport>> make_http_transport(boost::asio::io_context& io,
                                                       HttpTransportOptions options,
                                                       const SenderIdentity& identity);

}  // namespace sluice
