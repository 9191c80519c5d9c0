#include "admin/server.h"

#include "admin/address.h"
#include "admin/listener.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <sys/prctl.h>

#include <future>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {

namespace {

AdminListener::Options own_socket(const std::string& path) {
  return {.name = path,
          .door = AdminDoor::OwnSocket,
          .listen = [path] { return listen_unix(path, Leftover::Replace); },
          .tls = {},
          .remove_path = path};
}

AdminDoor door_of(const AdminOptions& options) {
  if (options.listen.kind == AdminAddress::Kind::Unix) {
    return AdminDoor::UnixSocket;
  }
  if (options.tls.cert.empty()) {
    return AdminDoor::Plain;
  }
  return options.tls.client_ca.empty() ? AdminDoor::Tls : AdminDoor::TlsWithCertificate;
}

AdminListener::Options configured(const AdminOptions& options) {
  const AdminAddress& address = options.listen;
  AdminListener::Options listener{.name = to_text(address),
                                  .door = door_of(options),
                                  .listen = {},
                                  .tls = options.tls,
                                  .remove_path = address.path};
  if (address.kind == AdminAddress::Kind::Unix) {
    listener.listen = [path = address.path] { return listen_unix(path, Leftover::ReplaceIfDead); };
  } else {
    listener.remove_path.clear();
    listener.listen = [address] { return listen_tcp(address.host, address.port); };
  }
  return listener;
}

}  // namespace

class AdminServer::Parts {
 public:
  Parts(const AdminServerOptions& options, AdminRoutes routes)
      : service_{std::move(routes), AdminGate(options.endpoint.token), options.limits, nullptr} {
    service_.mailbox = std::make_shared<AdminMailbox>(io_);
    if (!options.own_socket.empty()) {
      listeners_.push_back(
          std::make_shared<AdminListener>(io_, own_socket(options.own_socket), service_));
    }
    if (options.endpoint.listen.kind != AdminAddress::Kind::Off) {
      endpoint_ = std::make_shared<AdminListener>(io_, configured(options.endpoint), service_);
      listeners_.push_back(endpoint_);
    }
  }

  ~Parts() {
    stop();
    service_.mailbox->close();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // Listens before it returns, unless that fails: whoever starts an agent and then asks it must not
  // have to guess when.
  void start() {
    std::promise<void> listening;
    boost::asio::post(io_, [this, &listening] {
      for (const auto& listener : listeners_) {
        listener->start();
      }
      listening.set_value();
    });
    thread_ = std::jthread([this] {
      prctl(PR_SET_NAME, "admin");
      io_.run();
    });
    listening.get_future().wait();
  }

  void stop() {
    if (!thread_.joinable()) {
      return;
    }
    boost::asio::post(io_, [this] {
      for (const auto& listener : listeners_) {
        listener->stop();
      }
      io_.stop();
    });
    thread_.join();
  }

  void post(std::function<void()> work) { service_.mailbox->post(std::move(work)); }
  [[nodiscard]] std::uint16_t port() const { return endpoint_ != nullptr ? endpoint_->port() : 0; }

 private:
  // Sessions live in the io_context, so it goes before what they use.
  AdminService service_;
  boost::asio::io_context io_{1};
  std::vector<std::shared_ptr<AdminListener>> listeners_;
  std::shared_ptr<AdminListener> endpoint_;
  std::jthread thread_;
};

AdminServer::AdminServer(const AdminServerOptions& options, AdminRoutes routes)
    : parts_(std::make_unique<Parts>(options, std::move(routes))) {
}

AdminServer::~AdminServer() = default;

void AdminServer::start() {
  parts_->start();
}

void AdminServer::stop() {
  parts_->stop();
}

std::uint16_t AdminServer::port() const {
  return parts_->port();
}

void AdminServer::post(std::function<void()> work) {
  parts_->post(std::move(work));
}

}  // namespace sluice
