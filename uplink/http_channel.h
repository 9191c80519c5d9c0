// The stream under an HTTP connection: TCP, or TLS on top of it. Part of HttpConnection.
#pragma once

#include "core/result.h"
#include "net/name_resolver.h"
#include "uplink/http_connection.h"
#include "uplink/step_deadline.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

// Opened once. Held by its handlers until the last of them has run. Threads: the io_context's.
class HttpChannel : public std::enable_shared_from_this<HttpChannel> {
 public:
  HttpChannel(boost::asio::io_context& io, std::shared_ptr<const HttpDestination> destination);

  // Resolves, connects, asks a proxy for a tunnel, shakes hands; each within the time-out. `then`
  // is called later and once, unless close() comes first. Errors: those of HttpConnection.
  void open(std::function<void(Status)> then);
  void close();

  // Open, and nothing to read: on an idle connection that would be its end, or an answer nobody
  // has asked for.
  [[nodiscard]] bool idle();

  // Bytes that the other side's TCP has not acknowledged.
  [[nodiscard]] std::size_t unacknowledged();

  // Calls `use` with the stream: one of two types. The channel must be open.
  template <class Use>
  void with_stream(Use use) {
    if (tls_) {
      use(*tls_);
    } else {
      use(socket_);
    }
  }

 private:
  using Failure = boost::system::error_code;
  using Tcp = boost::asio::ip::tcp;

  void resolve();
  void connect();
  void connected(const Failure& failure);
  void tune();
  void ask_for_tunnel();
  void got_tunnel(const Failure& failure, std::size_t bytes);
  void handshake();
  void opened();
  void fail(std::string why, Reaction reaction = Reaction::Retry);
  [[nodiscard]] std::string named_hop() const;

  std::shared_ptr<const HttpDestination> destination_;
  const Url& hop_;  // of destination_: the server, or the proxy before it
  NameResolver resolver_;
  std::vector<Tcp::endpoint> endpoints_;
  std::size_t endpoint_ = 0;  // the one that is tried
  bool connect_timed_out_ = false;
  Tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<Tcp::socket&>> tls_;
  StepDeadline deadline_;
  std::string tunnel_;                // the request for it, then the answer
  std::function<void(Status)> then_;  // set while it opens
  bool open_ = false;
};

// 1.5 s, 30 s
std::string in_seconds(std::chrono::milliseconds time);

}  // namespace sluice
