// One connection to an HTTP server, plain or TLS.
#pragma once

#include "core/result.h"
#include "net/tls.h"
#include "net/url.h"
#include "uplink/answers.h"
#include "uplink/http_meter.h"
#include "uplink/http_proxy.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

constexpr std::size_t kKeptBodyBytes = 4UL * 1024;

// A place, and the way there.
struct HttpDestination {
  Url url;
  TlsContext tls;  // none: plain
  TlsOptions tls_options;
  std::chrono::milliseconds timeout{30'000};
  std::optional<HttpProxy> proxy = {};
  std::shared_ptr<HttpMeter> meter = std::make_shared<HttpMeter>();
  std::size_t kept_body_bytes = kKeptBodyBytes;

  // A proxy that reads the requests, because they are not encrypted, is told where they go, and
  // with each of them who asks. A tunnel is asked for once.
  [[nodiscard]] bool asks_proxy() const { return proxy && !tls; }
  [[nodiscard]] bool tunnels() const { return proxy && tls; }
  // What stands in the request line.
  [[nodiscard]] std::string target() const {
    return asks_proxy() ? url.scheme + "://" + url.authority() + url.target : url.target;
  }
  // Value of the request's own Proxy-Authorization; empty: none.
  [[nodiscard]] std::string proxy_authorization() const {
    return asks_proxy() ? proxy->authorization : "";
  }
};

struct HttpRequest {
  std::string head;  // complete, with the empty line
  std::shared_ptr<const std::string> body;
};

using ReplyHandler = std::function<void(Result<HttpReply>)>;

// Opened by its first exchange, kept alive between exchanges, of no use after an error.
//
// Time:    resolving, connecting, the proxy's tunnel, the TLS handshake and the exchange each end
//          within the time-out.
//          An exchange may go on for as long as the request is on its way and the other side
//          acknowledges at least 1 KiB of it in that time: a slow line is not a dead one.
// Bounds:  16 KiB of answer headers; of the answer's body 4 KiB are kept (or as many as the
//          destination says) and 1 MiB is read.
// Threads: the io_context's thread.
class HttpConnection {
 public:
  HttpConnection(boost::asio::io_context& io, std::shared_ptr<const HttpDestination> destination);
  ~HttpConnection();  // drops a pending handler without calling it
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Sends and reads the answer, one at a time. Never calls `then` before it has returned. Errors
  // with Reaction::Closed: the connection ended before the first byte of an answer; with
  // Reaction::Reject: the proxy refuses, which waiting will not change; with Reaction::Retry:
  // everything else.
  void exchange(std::shared_ptr<const HttpRequest> request, ReplyHandler then);

  // Open, and as far as one can know without a round trip, the other side has not closed it.
  [[nodiscard]] bool reusable() const;

 private:
  class Link;
  std::shared_ptr<Link> link_;  // Asio's handlers share it
};

}  // namespace sluice
