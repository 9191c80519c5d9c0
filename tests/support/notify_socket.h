// The socket on which a supervisor like systemd listens, see sd_notify(3).
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing_support {

class NotifySocket {
 public:
  // A path, or '@' and an abstract name.
  explicit NotifySocket(std::string name)
      : name_(std::move(name)),
        socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name_.size() >= sizeof(address.sun_path)) {
      throw std::runtime_error("too long for a socket: " + name_);
    }
    std::memcpy(static_cast<char*>(address.sun_path), name_.data(), name_.size());
    if (name_[0] == '@') {
      address.sun_path[0] = '\0';
    }
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
      throw std::runtime_error("cannot bind " + name_);
    }
  }
  ~NotifySocket() { ::close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // Everything since the last call: a datagram to a Unix socket is there when it has been sent.
  [[nodiscard]] std::vector<std::string> heard() const {
    std::vector<std::string> messages;
    std::array<char, 4096> text{};
    for (;;) {
      const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
      if (size < 0) {
        return messages;
      }
      messages.emplace_back(text.data(), static_cast<std::size_t>(size));
    }
  }

 private:
  std::string name_;
  int socket_;
};

}  // namespace sluice::testing_support
