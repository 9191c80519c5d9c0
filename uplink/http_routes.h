// How to get to a URL: through which proxy, with which certificates.
#pragma once

#include "core/result.h"
#include "net/tls_files.h"
#include "uplink/http_connection.h"
#include "uplink/http_proxy.h"
#include "uplink/http_transport.h"

#include <memory>
#include <optional>

namespace sluice {

// Certificates are loaded when the first URL needs them, and again when their files change.
// One thread at a time.
class HttpRoutes {
 public:
  HttpRoutes(const HttpTransportOptions& options, ProxyEnvironment environment)
      : tls_options_(options.tls),
        configured_proxy_(options.proxy),
        timeout_(options.timeout),
        environment_(std::move(environment)) {}

  // Who may know what proves who the agent is.
  enum class Trust {
    Own,      // one of the configured URLs: the client certificate, the configured server name
    Other,    // the server that gives tokens: the client certificate, but the name of its own URL
    Stranger  // where a redirect leads: neither
  };

  // As it is now: certificates whose files have changed are loaded again first. Rejects what
  // HttpProxy and TlsFiles reject.
  Result<std::shared_ptr<const HttpDestination>> to(const Url& url, Trust trust,
                                                    std::shared_ptr<HttpMeter> meter);

  // Looks whether certificates have changed.
  void refresh();
  // Was made with what is in force now.
  [[nodiscard]] bool is_current(const HttpDestination& destination) const;

  [[nodiscard]] std::optional<Timestamp> certificate_expiry() const;

 private:
  Result<TlsContext> context_for(Trust trust);

  TlsOptions tls_options_;
  Url configured_proxy_;
  std::chrono::milliseconds timeout_;
  ProxyEnvironment environment_;
  std::optional<TlsFiles> own_;
  std::optional<TlsFiles> strangers_;  // without the client certificate
};

}  // namespace sluice
