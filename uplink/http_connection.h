// One connection to an HTTP server, plain or TLS.
#pragma once

#include "core/result.h"
#include "net/tls.h"
#include "net/url.h"
#include "uplink/answers.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

struct HttpDestination {
  Url url;
  TlsContext tls;  // none: plain
  TlsOptions tls_options;
  std::chrono::milliseconds timeout{30'000};
};

struct HttpRequest {
  std::string head;  // complete, with the empty line
  std::shared_ptr<const std::string> body;
};

using ReplyHandler = std::function<void(Result<HttpReply>)>;

// Opened by its first exchange, kept alive between exchanges, of no use after an error.
//
// Time:    resolving, connecting, the TLS handshake and the exchange each end within the time-out.
//          An exchange may go on for as long as the request is on its way and the other side
//          acknowledges at least 1 KiB of it in that time: a slow line is not a dead one.
// Bounds:  16 KiB of answer headers; of the answer's body 4 KiB are kept and 1 MiB is read.
// Threads: the io_context's thread.
class HttpConnection {
 public:
  HttpConnection(boost::asio::io_context& io, std::shared_ptr<const HttpDestination> destination);
  ~HttpConnection();  // drops a pending handler without calling it
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Sends and reads the answer, one at a time. Never calls `then` before it has returned. Errors
  // with Reaction::Closed: the connection ended before the first byte of an answer; with
  // Reaction::Retry: everything else.
  void exchange(std::shared_ptr<const HttpRequest> request, ReplyHandler then);

  // How much of the latest request has been handed to the network.
  [[nodiscard]] std::size_t sent_bytes() const;

  // Open, and as far as one can know without a round trip, the other side has not closed it.
  [[nodiscard]] bool reusable() const;

 private:
  class Link;
  std::shared_ptr<Link> link_;  // Asio's handlers share it
};

}  // namespace sluice
