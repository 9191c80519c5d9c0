// Finds the addresses of a host, so that a name server that does not answer holds up nobody else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <memory>
#include <string>

namespace sluice {

// Asio has one thread for all lookups of an io_context; here each has its own, which ends with it.
// By the rules of the system (nsswitch.conf: files, DNS, mDNS), which can neither be hurried nor
// interrupted: a lookup that was given up goes on by itself, and who asks for the same name
// meanwhile waits for that.
//
// One question at a time. Threads: that of `io`.
class NameResolver {
 public:
  using Addresses = boost::asio::ip::tcp::resolver::results_type;
  using Handler = std::function<void(const boost::system::error_code&, const Addresses&)>;

  explicit NameResolver(boost::asio::io_context& io) : io_(io) {}
  ~NameResolver();
  NameResolver(const NameResolver&) = delete;
  NameResolver& operator=(const NameResolver&) = delete;

  // `port` is a number. Calls `then` on the thread of `io`, never from within this call. An address
  // is its own answer. The io_context has work until then, and destroys `then`.
  void resolve(const std::string& host, const std::string& port, Handler then);

  // `then` is not called any more.
  void cancel();

 private:
  class Lookup;
  struct Question;

  void wait(Handler then);
  void answer(const boost::system::error_code& failure, const Addresses& found, Handler then);

  boost::asio::io_context& io_;
  std::shared_ptr<Lookup> lookup_;  // the newest
  std::shared_ptr<Question> question_;
};

}  // namespace sluice
