#include "uplink/http_channel.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <utility>

namespace sluice {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kMostTunnelBytes = 16UL * 1024;

// CONNECT always names the port.
std::string authority_with_port(const Url& url) {
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  return (is_ipv6 ? '[' + url.host + ']' : url.host) + ':' + url.port;
}

// Of "HTTP/1.1 200 Connection established".
std::optional<unsigned> status_of(std::string_view answer) {
  constexpr std::string_view kStart = "HTTP/1.";
  constexpr std::size_t kStatusAt = kStart.size() + 2;
  constexpr std::size_t kDigits = 3;
  unsigned status = 0;
  if (!answer.starts_with(kStart) || answer.size() < kStatusAt + kDigits) {
    return std::nullopt;
  }
  const char* digits = answer.data() + kStatusAt;
  const auto [end, error] = std::from_chars(digits, digits + kDigits, status);
  const bool is_status = error == std::errc{} && end == digits + kDigits && status >= 100;
  return is_status ? std::optional(status) : std::nullopt;
}

}  // namespace

std::string in_seconds(std::chrono::milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (const auto rest = time.count() % 1000; rest != 0) {
    text += '.' + std::to_string(1000 + rest).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " s";
}

HttpChannel::HttpChannel(asio::io_context& io, std::shared_ptr<const HttpDestination> destination)
    : destination_(std::move(destination)),
      hop_(destination_->proxy ? destination_->proxy->url : destination_->url),
      resolver_(io),
      socket_(io),
      deadline_(io) {
}

void HttpChannel::open(std::function<void(Status)> then) {
  then_ = std::move(then);
  resolve();
}

void HttpChannel::close() {
  then_ = nullptr;
  open_ = false;
  resolver_.cancel();
  deadline_.close();
  Failure ignored;  // closed it is, whatever the kernel thinks of it
  socket_.close(ignored);
}

bool HttpChannel::idle() {
  if (!open_) {
    return false;
  }
  char byte = 0;
  const auto got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::size_t HttpChannel::unacknowledged() {
  int bytes = 0;
  return ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes)
                                                               : 0;
}

void HttpChannel::resolve() {
  deadline_.set(destination_->timeout, [this] {
    fail("cannot resolve " + named_hop() + ": no answer within " +
         in_seconds(destination_->timeout));
  });
  resolver_.resolve(hop_.host, hop_.port,
                    [self = shared_from_this()](const Failure& failure, const auto& results) {
                      if (!self->then_) {
                        return;
                      }
                      if (failure) {
                        self->fail("cannot resolve " + self->named_hop() + ": " +
                                   failure.message() +
                                   "; check the name in the URL, and the DNS of this device");
                        return;
                      }
                      for (const auto& result : results) {
                        self->endpoints_.push_back(result.endpoint());
                      }
                      self->connect();
                    });
}

// Each address has its share of the time, so that one that does not answer (IPv6 without a route
// is the usual case) leaves some to the next.
void HttpChannel::connect() {
  Failure ignored;
  socket_.close(ignored);
  connect_timed_out_ = false;
  deadline_.set(destination_->timeout / static_cast<std::int64_t>(endpoints_.size()), [this] {
    connect_timed_out_ = true;
    Failure closed;
    socket_.close(closed);  // connected() is called, and goes on with the next address
  });
  socket_.async_connect(endpoints_[endpoint_], [self = shared_from_this()](const Failure& failure) {
    self->connected(failure);
  });
}

void HttpChannel::connected(const Failure& failure) {
  if (!then_) {
    return;
  }
  // The limit may have closed the socket behind a connect that had just succeeded.
  if (!failure && !connect_timed_out_) {
    tune();
    if (destination_->tunnels()) {
      ask_for_tunnel();
    } else {
      handshake();
    }
    return;
  }
  if (++endpoint_ < endpoints_.size()) {
    connect();
    return;
  }
  fail("cannot connect to " + named_hop() + " port " + hop_.port + ": " +
       (connect_timed_out_ ? "no answer within " + in_seconds(destination_->timeout)
                           : failure.message()) +
       "; check host and port in the URL, and the firewalls on the way");
}

// A failure of these costs time, not correctness.
void HttpChannel::tune() {
  Failure ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  const auto patience = static_cast<unsigned>(destination_->timeout.count());
  static_cast<void>(setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience,
                               sizeof(patience)));
}

// RFC 9110 §9.3.6.
void HttpChannel::ask_for_tunnel() {
  const std::string place = authority_with_port(destination_->url);
  tunnel_ = "CONNECT " + place + " HTTP/1.1\r\nHost: " + place + "\r\nUser-Agent: sluice\r\n";
  if (!destination_->proxy->authorization.empty()) {
    tunnel_ += "Proxy-Authorization: " + destination_->proxy->authorization + "\r\n";
  }
  tunnel_ += "\r\n";
  deadline_.set(destination_->timeout, [this] {
    fail(named_hop() + " did not open a tunnel to " + destination_->url.authority() + " within " +
         in_seconds(destination_->timeout));
  });
  asio::async_write(socket_, asio::buffer(tunnel_),
                    [self = shared_from_this()](const Failure& failure, std::size_t written) {
                      self->destination_->meter->sent_bytes += written;
                      if (!self->then_) {
                        return;
                      }
                      if (failure) {
                        self->got_tunnel(failure, 0);
                        return;
                      }
                      self->tunnel_.clear();
                      asio::async_read_until(
                          self->socket_, asio::dynamic_buffer(self->tunnel_, kMostTunnelBytes),
                          "\r\n\r\n", [self](const Failure& cut_off, std::size_t bytes) {
                            self->got_tunnel(cut_off, bytes);
                          });
                    });
}

void HttpChannel::got_tunnel(const Failure& failure, std::size_t bytes) {
  if (!then_) {
    return;
  }
  const std::string no_tunnel =
      named_hop() + " does not open a tunnel to " + destination_->url.authority() + ": ";
  if (failure) {
    fail(no_tunnel + failure.message());
    return;
  }
  const auto status = status_of(tunnel_);
  if (!status) {
    fail(no_tunnel + "its answer is not HTTP");
    return;
  }
  const Verdict verdict = verdict_of(*status);
  if (verdict != Verdict::Confirmed) {
    constexpr unsigned kProxyWantsCredentials = 407;
    fail(no_tunnel + "it answers " + std::to_string(*status) +
             (*status == kProxyWantsCredentials
                  ? ", it wants a user and a password: put them into the URL of the proxy"
                  : ""),
         verdict == Verdict::Misconfigured ? Reaction::Reject : Reaction::Retry);
    return;
  }
  // The server speaks only when it has been spoken to, and its bytes are for OpenSSL.
  if (bytes != tunnel_.size()) {
    fail(no_tunnel + "it sends something behind its answer");
    return;
  }
  tunnel_ = {};
  handshake();
}

void HttpChannel::handshake() {
  if (!destination_->tls) {
    opened();
    return;
  }
  tls_.emplace(socket_, *destination_->tls);
  if (Status prepared = prepare_client_tls(tls_->native_handle(), destination_->tls_options,
                                           destination_->url.host);
      !prepared) {
    fail(prepared.error().message);
    return;
  }
  deadline_.set(destination_->timeout, [this] {
    fail("the TLS handshake did not end within " + in_seconds(destination_->timeout));
  });
  tls_->async_handshake(asio::ssl::stream_base::client,
                        [self = shared_from_this()](const Failure& failure) {
                          if (!self->then_) {
                            return;
                          }
                          if (failure) {
                            self->fail(tls_failure(self->tls_->native_handle(), failure));
                          } else {
                            self->opened();
                          }
                        });
}

void HttpChannel::opened() {
  deadline_.close();
  open_ = true;
  HttpMeter& meter = *destination_->meter;
  ++meter.connects;
  if (tls_) {
    const auto expiry = peer_certificate_expiry(tls_->native_handle());
    meter.server_expires_ms = expiry ? expiry->time_since_epoch().count() : 0;
  }
  std::exchange(then_, nullptr)(Status());
}

std::string HttpChannel::named_hop() const {
  return (destination_->proxy ? "the proxy " : "") + hop_.host;
}

void HttpChannel::fail(std::string why, Reaction reaction) {
  const auto self = shared_from_this();  // `then` may let go of it
  const auto then = std::exchange(then_, nullptr);
  close();
  then(Error{reaction, std::move(why)});
}

}  // namespace sluice
