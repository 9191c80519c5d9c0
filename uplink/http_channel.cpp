#include "uplink/http_channel.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice {

namespace asio = boost::asio;

std::string in_seconds(std::chrono::milliseconds time) {
  std::string text = std::to_string(time.count() / 1000);
  if (const auto rest = time.count() % 1000; rest != 0) {
    text += '.' + std::to_string(1000 + rest).substr(1);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " s";
}

HttpChannel::HttpChannel(asio::io_context& io, std::shared_ptr<const HttpDestination> destination)
    : destination_(std::move(destination)), resolver_(io), socket_(io), deadline_(io) {
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
  const Url& url = destination_->url;
  // An address needs no resolver, and so not the thread that Asio starts for it.
  Failure not_an_address;
  const auto address = asio::ip::make_address(url.host, not_an_address);
  if (!not_an_address) {
    endpoints_.emplace_back(address, static_cast<std::uint16_t>(std::stoul(url.port)));
    connect();
    return;
  }
  deadline_.set(destination_->timeout, [this] {
    fail("cannot resolve " + destination_->url.host + ": no answer within " +
         in_seconds(destination_->timeout));
  });
  resolver_.async_resolve(
      url.host, url.port, Tcp::resolver::numeric_service,
      [self = shared_from_this()](const Failure& failure, const auto& results) {
        if (!self->then_) {
          return;
        }
        if (failure) {
          self->fail("cannot resolve " + self->destination_->url.host + ": " + failure.message());
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
    handshake();
    return;
  }
  if (++endpoint_ < endpoints_.size()) {
    connect();
    return;
  }
  fail("cannot connect to " + destination_->url.host + " port " + destination_->url.port + ": " +
       (connect_timed_out_ ? "no answer within " + in_seconds(destination_->timeout)
                           : failure.message()));
}

// A failure of these costs time, not correctness.
void HttpChannel::tune() {
  Failure ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  const auto patience = static_cast<unsigned>(destination_->timeout.count());
  static_cast<void>(setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &patience,
                               sizeof(patience)));
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
  std::exchange(then_, nullptr)(Status());
}

void HttpChannel::fail(std::string why) {
  const auto self = shared_from_this();  // `then` may let go of it
  const auto then = std::exchange(then_, nullptr);
  close();
  then(Error{Reaction::Retry, std::move(why)});
}

}  // namespace sluice
