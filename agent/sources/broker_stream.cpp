#include "sources/broker_stream.h"

#include "net/name_resolver.h"
#include "net/tls.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;
using tcp = boost::asio::ip::tcp;
using TlsStream = ssl::stream<tcp::socket>;

// How long written data may stay unacknowledged by the other host. While reading is paused nothing
// else would notice that the broker is gone.
constexpr std::chrono::milliseconds kUserTimeout{30'000};
constexpr std::chrono::seconds kLinger{1};

std::string lost(const error_code& error) {
  if (error == asio::error::eof || error == asio::error::connection_reset ||
      error == asio::error::broken_pipe || error == ssl::error::stream_truncated ||
      error == websocket::error::closed) {
    return "the broker closed the connection";
  }
  if (error == asio::error::timed_out) {
    return "the broker cannot be reached any more: nothing that was sent arrives";
  }
  if (error.category() == asio::error::get_ssl_category()) {
    return "the broker ended the TLS session: " + error.message() +
           "; if it asks for a client certificate, check tls.cert and tls.key";
  }
  return "the connection to the broker failed: " + error.message();
}

void set_integer(tcp::socket& socket, int level, int option, int value) {
  // Where the kernel refuses one of these, the connection works all the same, only less well.
  static_cast<void>(::setsockopt(socket.native_handle(), level, option, &value, sizeof value));
}

void tune(tcp::socket& socket) {
  set_integer(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_integer(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(kUserTimeout.count()));
  set_integer(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_integer(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set_integer(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
}

// Resolving, connecting, the deadline and the end are the same for every kind of stream.
class SocketStream : public BrokerStream, public std::enable_shared_from_this<SocketStream> {
 public:
  SocketStream(asio::io_context& io, Url url) : url_(std::move(url)), resolver_(io), timer_(io) {}

  void connect(std::chrono::milliseconds at_most, std::function<void(Status)> then) override {
    connected_ = std::move(then);
    timer_.expires_after(at_most);
    timer_.async_wait([self = shared_from_this(), at_most](const error_code& error) {
      if (!error) {
        self->fail("no answer from " + self->url_.authority() + " within " +
                   std::to_string(at_most.count()) + " ms, while " + self->phase_);
      }
    });
    phase_ = "resolving the name";
    resolver_.resolve(url_.host, url_.port,
                      [self = shared_from_this()](const error_code& error, const auto& endpoints) {
                        self->resolved(error, endpoints);
                      });
  }

  void wake_after(int bytes) override { set_integer(socket(), SOL_SOCKET, SO_RCVLOWAT, bytes); }

  void close() override {
    if (std::exchange(closed_, true)) return;
    connected_ = nullptr;
    resolver_.cancel();
    error_code ignored;  // a socket that fails here is closed below all the same
    socket().cancel(ignored);
    socket().shutdown(tcp::socket::shutdown_send, ignored);
    // Closing a socket that holds unread data would make the kernel throw away what the broker has
    // not been sent yet, the DISCONNECT above all.
    timer_.expires_after(kLinger);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      error_code failed;
      if (!error) self->socket().close(failed);
    });
    discard_input();
  }

 protected:
  virtual tcp::socket& socket() = 0;
  // What follows the TCP connection; ends with succeed() or fail().
  virtual void handshake() = 0;

  void succeed() {
    if (auto then = std::exchange(connected_, nullptr)) {
      timer_.cancel();
      then({});
    }
  }

  void fail(std::string reason) {
    if (auto then = std::exchange(connected_, nullptr)) {
      close();
      then(Error{Reaction::Retry, std::move(reason)});
    }
  }

  void enter(const char* phase) { phase_ = phase; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] const Url& url() const { return url_; }

 private:
  void resolved(const error_code& error, const tcp::resolver::results_type& endpoints) {
    if (closed_) return;
    if (error) {
      fail("cannot find the address of " + url_.host + ": " + error.message() +
           "; check the name in the URL, and the DNS of this device");
      return;
    }
    enter("connecting");
    asio::async_connect(
        socket(), endpoints, [self = shared_from_this()](const error_code& failed, const auto&) {
          if (self->closed_) return;
          if (failed) {
            self->fail("cannot connect to " + self->url_.authority() + ": " + failed.message() +
                       "; check host and port in the URL, and that the broker runs");
            return;
          }
          tune(self->socket());
          self->handshake();
        });
  }

  void discard_input() {
    socket().async_read_some(asio::buffer(discarded_),
                             [self = shared_from_this()](const error_code& error, std::size_t) {
                               if (!error) {
                                 self->discard_input();
                                 return;
                               }
                               self->timer_.cancel();
                               error_code ignored;
                               self->socket().close(ignored);
                             });
  }

  Url url_;
  NameResolver resolver_;
  asio::steady_timer timer_;
  std::function<void(Status)> connected_;
  const char* phase_ = "";
  bool closed_ = false;
  std::array<char, 4096> discarded_{};
};

template <class Stream, class Handler>
void write_all(Stream& stream, asio::const_buffer bytes, Handler&& handler) {
  asio::async_write(stream, bytes, std::forward<Handler>(handler));
}

template <class Below, class Handler>
void write_all(websocket::stream<Below>& stream, asio::const_buffer bytes, Handler&& handler) {
  stream.async_write(bytes, std::forward<Handler>(handler));
}

// Layer is what Asio and Beast call an AsyncStream.
template <class Layer>
class StreamOver : public SocketStream {
 public:
  template <class... Arguments>
  StreamOver(asio::io_context& io, const Url& url, Arguments&... arguments)
      : SocketStream(io, url), layer_(io, arguments...) {}

  void read_some(std::span<std::uint8_t> buffer,
                 std::function<void(Result<Received>)> then) override {
    layer_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                           [this, self = shared_from_this(), buffer, then = std::move(then)](
                               const error_code& error, std::size_t bytes) {
                             if (closed()) return;
                             if (error) {
                               then(Error{Reaction::Retry, lost(error)});
                             } else {
                               then(gather(buffer, bytes));
                             }
                           });
  }

  void write(std::span<const std::uint8_t> bytes, std::function<void(Status)> then) override {
    writing_ = true;
    write_all(layer_, asio::buffer(bytes.data(), bytes.size()),
              [this, self = shared_from_this(), then = std::move(then)](const error_code& error,
                                                                        std::size_t /*written*/) {
                writing_ = false;
                if (closed()) return;
                then(error ? Status(Error{Reaction::Retry, lost(error)}) : Status());
              });
  }

 protected:
  // The first `bytes` of `buffer` have been read: looks for more that is here already.
  virtual Received gather(std::span<std::uint8_t> /*buffer*/, std::size_t bytes) {
    return {.bytes = bytes};
  }

  Layer& layer() { return layer_; }
  [[nodiscard]] bool writing() const { return writing_; }

 private:
  Layer layer_;
  bool writing_ = false;
};

class PlainStream final : public StreamOver<tcp::socket> {
 public:
  using StreamOver::StreamOver;

 private:
  tcp::socket& socket() override { return layer(); }
  void handshake() override { succeed(); }
};

class SecureStream final : public StreamOver<TlsStream> {
 public:
  SecureStream(asio::io_context& io, const Url& url, TlsContext context, TlsOptions options)
      : StreamOver(io, url, *context), context_(std::move(context)), options_(std::move(options)) {}

 private:
  tcp::socket& socket() override { return layer().next_layer(); }

  void handshake() override {
    enter("waiting for the TLS handshake");
    if (Status ready = prepare_client_tls(layer().native_handle(), options_, url().host); !ready) {
      fail(ready.error().message);
      return;
    }
    layer().async_handshake(ssl::stream_base::client,
                            [this, self = shared_from_this()](const error_code& error) {
                              if (closed()) return;
                              if (error) {
                                fail(tls_failure(layer().native_handle(), error));
                                return;
                              }
                              // gather() must not wait.
                              error_code refused;
                              socket().non_blocking(true, refused);
                              if (refused) {
                                fail("the socket cannot be prepared: " + refused.message());
                                return;
                              }
                              succeed();
                            });
  }

  // One read returns one record, and brokers write a record for every packet.
  Received gather(std::span<std::uint8_t> buffer, std::size_t bytes) override {
    if (writing()) {
      // The read may have to send something itself (a new key), in the middle of what is being
      // written.
      return {.bytes = bytes, .more = true};
    }
    error_code error;  // not only "would block": the next read will meet any other one again
    while (bytes < buffer.size() && !error) {
      const auto rest = buffer.subspan(bytes);
      bytes += layer().read_some(asio::buffer(rest.data(), rest.size()), error);
    }
    return {.bytes = bytes};
  }

  TlsContext context_;
  TlsOptions options_;
};

// MQTT 5.0, section 6: sub-protocol "mqtt", binary frames, whose borders mean nothing.
template <class Below>
class WebSocketStream : public StreamOver<websocket::stream<Below>> {
 public:
  using StreamOver<websocket::stream<Below>>::StreamOver;

 protected:
  using StreamOver<websocket::stream<Below>>::layer;
  using StreamOver<websocket::stream<Below>>::closed;

  void upgrade() {
    this->enter("waiting for the WebSocket handshake");
    layer().binary(true);
    layer().auto_fragment(false);
    layer().read_message_max(0);  // a message is read in pieces, never kept
    layer().set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
      request.set(boost::beast::http::field::sec_websocket_protocol, "mqtt");
      request.set(boost::beast::http::field::user_agent, "sluice");
    }));
    layer().async_handshake(
        response_, this->url().authority(), this->url().target,
        [this, self = this->shared_from_this()](const error_code& error) { upgraded(error); });
  }

 private:
  void upgraded(const error_code& error) {
    if (closed()) return;
    if (error == websocket::error::upgrade_declined) {
      this->fail("the server answered " + std::to_string(response_.result_int()) +
                 " instead of opening a WebSocket; check the path in the URL");
    } else if (error) {
      this->fail("the WebSocket handshake failed: " + error.message());
    } else {
      this->succeed();
    }
  }

  // Whether the library holds another frame cannot be asked.
  Received gather(std::span<std::uint8_t> /*buffer*/, std::size_t bytes) override {
    return {.bytes = bytes, .more = true};
  }

  websocket::response_type response_;
};

class PlainWebSocket final : public WebSocketStream<tcp::socket> {
 public:
  using WebSocketStream::WebSocketStream;

 private:
  tcp::socket& socket() override { return layer().next_layer(); }
  void handshake() override { upgrade(); }
};

class SecureWebSocket final : public WebSocketStream<TlsStream> {
 public:
  SecureWebSocket(asio::io_context& io, const Url& url, TlsContext context, TlsOptions options)
      : WebSocketStream(io, url, *context),
        context_(std::move(context)),
        options_(std::move(options)) {}

 private:
  tcp::socket& socket() override { return layer().next_layer().next_layer(); }

  void handshake() override {
    TlsStream& tls = layer().next_layer();
    this->enter("waiting for the TLS handshake");
    if (Status ready = prepare_client_tls(tls.native_handle(), options_, url().host); !ready) {
      fail(ready.error().message);
      return;
    }
    tls.async_handshake(ssl::stream_base::client,
                        [this, self = shared_from_this()](const error_code& error) {
                          if (closed()) return;
                          if (error) {
                            fail(tls_failure(layer().next_layer().native_handle(), error));
                          } else {
                            upgrade();
                          }
                        });
  }

  TlsContext context_;
  TlsOptions options_;
};

}  // namespace

Result<std::shared_ptr<BrokerStream>> make_broker_stream(asio::io_context& io, const Url& url,
                                                         const TlsOptions& tls) {
  const bool over_web = url.scheme == "ws" || url.scheme == "wss";
  if (!url.secure()) {
    if (over_web) return std::shared_ptr<BrokerStream>(std::make_shared<PlainWebSocket>(io, url));
    return std::shared_ptr<BrokerStream>(std::make_shared<PlainStream>(io, url));
  }
  auto context = make_client_tls(tls);
  if (!context) return context.error();
  if (over_web) {
    return std::shared_ptr<BrokerStream>(std::make_shared<SecureWebSocket>(io, url, *context, tls));
  }
  return std::shared_ptr<BrokerStream>(std::make_shared<SecureStream>(io, url, *context, tls));
}

}  // namespace sluice
