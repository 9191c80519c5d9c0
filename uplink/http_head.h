// The head of each request: request line and headers. See uplink/PROTOCOL.md.
#pragma once

#include "core/result.h"
#include "uplink/http_transport.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Immutable. What is the same for every block is put together once.
class HttpHead {
 public:
  // `target` goes into the request line: the URL's, or the whole URL where a proxy reads it.
  // Rejects what would break out of its header line, and headers that are sluice's own business.
  static Result<HttpHead> make(const HttpTransportOptions& options, const SenderIdentity& identity,
                               const std::string& target);
  static Result<HttpHead> make(const HttpTransportOptions& options,
                               const SenderIdentity& identity) {
    return make(options, identity, options.url.target);
  }

  // Complete with the empty line. `encoding` is the Content-Encoding; empty: none.
  [[nodiscard]] std::string of(const Shipment& shipment, std::size_t body_bytes,
                               std::string_view encoding) const;

  // The same without anything about a block, and without a body: for a request that delivers
  // nothing.
  [[nodiscard]] std::string without_block() const;

  // One more header, of those that change from request to request.
  static void add(std::string& head, std::string_view name, std::string_view value);

 private:
  struct Flow {
    std::string key_start;  // of the idempotency key, up to the first sequence
    std::string lines;      // headers that depend on the flow only
  };
  std::string start_;
  std::string sender_;
  std::vector<Flow> flows_;
};

}  // namespace sluice
