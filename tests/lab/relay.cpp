#include "tests/lab/relay.h"

#include "tests/lab/io_thread.h"
#include "tests/lab/relay_connection.h"

#include <boost/asio/ip/tcp.hpp>

#include <set>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice::lab {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

}  // namespace

class Relay::Network {
 public:
  explicit Network(const RelayOptions& options) : options_(options), acceptor_(thread_.context()) {
    error_code error;
    const tcp::endpoint endpoint(boost::asio::ip::address_v4::loopback(), options.listen);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) {
      acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
      acceptor_.bind(endpoint, error);
    }
    if (!error) {
      acceptor_.listen(boost::asio::socket_base::max_listen_connections, error);
    }
    if (error) {
      throw std::runtime_error("cannot listen on port " + std::to_string(options.listen) + ": " +
                               error.message());
    }
    port_ = acceptor_.local_endpoint().port();
    server_ =
        tcp::resolver(thread_.context()).resolve(options.host, std::to_string(options.port), error);
    if (error) {
      throw std::runtime_error("cannot find " + options.host + ": " + error.message());
    }
    accept();
    thread_.start();
  }

  ~Network() {
    thread_.call([this] {
      acceptor_.close();
      cut();
    });
    thread_.stop();
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

  void cut() {
    thread_.call([this] {
      const auto all = connections_;  // each removes itself
      for (const auto& each : all) {
        each->cut();
      }
    });
  }

  void refuse(bool refusing) {
    thread_.call([this, refusing] { refusing_ = refusing; });
  }

  template <class Change>
  void change(Direction direction, Change change) {
    thread_.call([this, direction, change] {
      change(state_.lane(direction));
      const auto all = connections_;
      for (const auto& each : all) {
        each->kick();
      }
    });
  }

  void on_bytes(Observer observer) {
    thread_.call([this, &observer] { state_.observer = std::move(observer); });
  }

  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::size_t open() {
    return thread_.call([this] { return connections_.size(); });
  }
  [[nodiscard]] std::uint64_t bytes(Direction direction) { return state_.lane(direction).bytes; }

 private:
  void accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket client) {
      if (!acceptor_.is_open()) {
        return;
      }
      if (!error) {
        welcome(std::move(client));
      }
      accept();
    });
  }

  void welcome(tcp::socket client) {
    ++accepted_;
    const auto connection = std::make_shared<RelayConnection>(
        std::move(client), state_,
        [this](const std::shared_ptr<RelayConnection>& ended) { connections_.erase(ended); });
    connections_.insert(connection);
    if (refusing_) {
      connection->cut();
    } else {
      connection->connect(server_);
    }
  }

  RelayOptions options_;
  RelayState state_;
  std::set<std::shared_ptr<RelayConnection>> connections_;  // the relay's thread only, as refusing_
  bool refusing_ = false;
  std::atomic<std::uint64_t> accepted_ = 0;
  IoThread thread_;
  tcp::acceptor acceptor_;
  tcp::resolver::results_type server_;
  std::uint16_t port_ = 0;
};

Relay::Relay(const RelayOptions& options) : network_(std::make_unique<Network>(options)) {
}
Relay::~Relay() = default;

std::uint16_t Relay::port() const {
  return network_->port();
}

void Relay::cut() {
  network_->cut();
}

void Relay::refuse(bool refusing) {
  network_->refuse(refusing);
}

void Relay::pause(Direction direction) {
  network_->change(direction, [](RelayLane& lane) { lane.paused = true; });
}

void Relay::resume(Direction direction) {
  network_->change(direction, [](RelayLane& lane) { lane.paused = false; });
}

void Relay::throttle(Direction direction, std::size_t bytes_per_second) {
  network_->change(direction, [=](RelayLane& lane) { lane.bytes_per_second = bytes_per_second; });
}

void Relay::delay(std::chrono::milliseconds each_way) {
  for (const Direction direction : {Direction::Forward, Direction::Back}) {
    network_->change(direction, [=](RelayLane& lane) { lane.delay = each_way; });
  }
}

void Relay::on_bytes(Observer observer) {
  network_->on_bytes(std::move(observer));
}

std::uint64_t Relay::connections() const {
  return network_->accepted();
}

std::size_t Relay::open_connections() const {
  return network_->open();
}

std::uint64_t Relay::bytes(Direction direction) const {
  return network_->bytes(direction);
}

}  // namespace sluice::lab
