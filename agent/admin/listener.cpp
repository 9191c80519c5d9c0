#include "admin/listener.h"

#include "admin/server_tls.h"

#include <boost/asio/write.hpp>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <string_view>
#include <utility>

namespace sluice {

namespace {

using boost::system::error_code;

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n"
    "Content-Type: application/json\r\nContent-Length: 33\r\n\r\n"
    "{\"error\":\"too many connections\"}\n";

bool uses_tls(AdminDoor door) {
  return door == AdminDoor::Tls || door == AdminDoor::TlsWithCertificate;
}

}  // namespace

AdminListener::AdminListener(boost::asio::io_context& io, Options options,
                             const AdminService& service)
    : io_(io), options_(std::move(options)), service_(service), acceptor_(io), pause_(io) {
}

void AdminListener::start() {
  if (stopped_) {
    return;
  }
  if (const Status opened = open(); !opened) {
    if (!std::exchange(troubled_, true)) {
      spdlog::error("admin endpoint cannot listen, will retry; collecting goes on: {}",
                    opened.error().message);
    }
    return again(service_.limits.retry, &AdminListener::start);
  }
  troubled_ = false;
  spdlog::info("admin endpoint listens on {}", options_.name);
  accept();
}

Status AdminListener::open() {
  if (uses_tls(options_.door)) {
    auto context = make_server_tls(options_.tls);
    if (!context) {
      return context.error();
    }
    tls_ = *std::move(context);
  }
  Result<ListeningSocket> socket = options_.listen();
  if (!socket) {
    return socket.error();
  }
  const std::uint16_t port = options_.remove_path.empty() ? socket->port() : 0;
  const boost::asio::generic::stream_protocol protocol(socket->family(), 0);
  error_code failed;
  acceptor_.assign(protocol, socket->release(), failed);
  if (failed) {
    return Error{Reaction::Retry, options_.name + ": " + failed.message()};
  }
  port_ = port;
  return {};
}

void AdminListener::stop() {
  stopped_ = true;
  pause_.cancel();
  error_code ignored;  // there is nothing to be done about a socket that does not close
  if (acceptor_.is_open() && !options_.remove_path.empty()) {
    ::unlink(options_.remove_path.c_str());
  }
  acceptor_.close(ignored);
}

void AdminListener::accept() {
  acceptor_.async_accept([self = shared_from_this()](error_code failed, AdminSocket socket) {
    if (self->stopped_) {
      return;
    }
    if (!failed) {
      self->admit(std::move(socket));
      return self->accept();
    }
    // Out of descriptors or memory, or the client has gone again: not in a busy loop.
    constexpr std::chrono::milliseconds kBreath{100};
    self->again(kBreath, &AdminListener::accept);
  });
}

void AdminListener::admit(AdminSocket socket) {
  if (*connections_ >= service_.limits.connections) {
    if (!uses_tls(options_.door)) {
      error_code ignored;  // a new connection has room for these bytes; if not, it just closes
      socket.non_blocking(true, ignored);
      socket.write_some(boost::asio::buffer(kTooMany), ignored);
    }
    return;
  }
  ++*connections_;
  ConnectionSlot slot(nullptr, [count = connections_](std::nullptr_t) { --*count; });
  if (tls_ != nullptr) {
    serve_tls(std::move(socket), tls_, options_.door, service_, std::move(slot));
  } else {
    serve_plain(std::move(socket), options_.door, service_, std::move(slot));
  }
}

void AdminListener::again(std::chrono::milliseconds wait, void (AdminListener::*step)()) {
  pause_.expires_after(wait);
  pause_.async_wait([self = shared_from_this(), step](error_code canceled) {
    if (!canceled && !self->stopped_) {
      (self.get()->*step)();
    }
  });
}

}  // namespace sluice
