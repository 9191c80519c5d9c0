// Accepts connections on one address, and keeps trying while it cannot. Private to admin/.
#pragma once

#include "admin/endpoint.h"
#include "admin/options.h"
#include "admin/session.h"

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

// Runs on the thread of `io`, port() on any.
class AdminListener : public std::enable_shared_from_this<AdminListener> {
 public:
  struct Options {
    std::string name;  // in logs
    AdminDoor door = AdminDoor::Plain;
    std::function<Result<ListeningSocket>()> listen;
    AdminTls tls;             // if the door says so
    std::string remove_path;  // of a Unix socket, at the end
  };

  AdminListener(boost::asio::io_context& io, Options options, const AdminService& service);

  // Tells the first failure and the success that ends a row of them.
  void start();
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }  // 0 while it does not listen

 private:
  Status open();
  void accept();
  void admit(AdminSocket socket);
  void again(std::chrono::milliseconds wait, void (AdminListener::*step)());

  boost::asio::io_context& io_;
  const Options options_;
  const AdminService& service_;
  boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol> acceptor_;
  boost::asio::steady_timer pause_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  std::shared_ptr<std::size_t> connections_ = std::make_shared<std::size_t>(0);
  std::atomic<std::uint16_t> port_ = 0;
  bool troubled_ = false;
  bool stopped_ = false;
};

}  // namespace sluice
