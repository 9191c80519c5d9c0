// The bytes between the link and the broker, whatever carries them: TCP, TLS, WebSocket, or
// WebSocket over TLS.
#pragma once

#include "core/result.h"
#include "net/tls_options.h"
#include "net/url.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace sluice {

struct Received {
  std::size_t bytes = 0;
  // More may be here already: do not rest before the next read. A TLS record or a WebSocket frame
  // is no measure of what has arrived, a read from a socket is.
  bool more = false;
};

// Used on the thread that runs the io_context. At most one read and one write at a time. Each
// handler is called once, later, never from within the call, and not at all after close(); the
// stream keeps it until then, so whatever owns the buffers may be bound to it. Errors say in plain
// words what happened, and what to do where that is known.
class BrokerStream {
 public:
  virtual ~BrokerStream() = default;

  // Everything up to the last handshake, within `at_most`.
  virtual void connect(std::chrono::milliseconds at_most, std::function<void(Status)> then) = 0;
  virtual void read_some(std::span<std::uint8_t> buffer,
                         std::function<void(Result<Received>)> then) = 0;
  // From now on the thread is woken by what arrives only when so many bytes are there; 1 is the
  // rule of every read, so set it back before the next one. Asio waits for a socket even while
  // nobody reads from it, and is woken by every segment.
  virtual void wake_after(int bytes) = 0;
  virtual void write(std::span<const std::uint8_t> bytes, std::function<void(Status)> then) = 0;

  // What has been written still arrives: the broker has a second to take it and to close.
  virtual void close() = 0;
};

// Fails if the certificates of `tls` cannot be loaded. `io` outlives the stream.
Result<std::shared_ptr<BrokerStream>> make_broker_stream(boost::asio::io_context& io,
                                                         const Url& url, const TlsOptions& tls);

}  // namespace sluice
