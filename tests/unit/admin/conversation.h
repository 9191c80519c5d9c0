// A client that sends what bytes it is told to, well-formed or not, and waits for what comes back.
#pragma once

#include "admin/endpoint.h"
#include "admin/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <future>
#include <optional>
#include <string>
#include <utility>

namespace sluice::testing_support {

// A wait this long has failed; nothing depends on the figure.
constexpr std::chrono::seconds kLongest{30};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      close();
    }
  }
  explicit RawClient(const std::string& path) {
    const Result<int> connected = connect_unix(path);
    descriptor_ = connected ? *connected : -1;
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return descriptor_ >= 0; }

  void close() {
    if (descriptor_ >= 0) {
      ::close(descriptor_);
    }
    descriptor_ = -1;
  }

  void send(const std::string& bytes) const {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t size =
          ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (size <= 0) {
        return;  // the other side has had enough: what it answers is what the test looks at
      }
      sent += static_cast<std::size_t>(size);
    }
  }

  // Everything until the server closes the connection. Nothing if it does not.
  [[nodiscard]] std::optional<std::string> rest() const {
    std::string bytes;
    while (true) {
      const std::optional<std::string> piece = read();
      if (!piece) {
        return std::nullopt;
      }
      if (piece->empty()) {
        return bytes;
      }
      bytes += *piece;
    }
  }

  // What arrives until `end` is part of it.
  [[nodiscard]] std::string until(const std::string& end) const {
    std::string bytes;
    while (bytes.find(end) == std::string::npos) {
      const std::optional<std::string> piece = read();
      if (!piece || piece->empty()) {
        return bytes + "<end>";
      }
      bytes += *piece;
    }
    return bytes;
  }

  // Empty: the connection has ended. Nothing: it took too long.
  [[nodiscard]] std::optional<std::string> read() const {
    if (descriptor_ < 0) {
      return std::string();
    }
    std::array<char, 4096> piece{};
    pollfd wait{.fd = descriptor_, .events = POLLIN, .revents = 0};
    const auto longest = std::chrono::duration_cast<std::chrono::milliseconds>(kLongest);
    if (::poll(&wait, 1, static_cast<int>(longest.count())) <= 0) {
      return std::nullopt;
    }
    const ssize_t size = ::recv(descriptor_, piece.data(), piece.size(), 0);
    return std::string(piece.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  }

 private:
  int descriptor_ = -1;
};

inline std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
         "\r\n";
}

inline std::string post(const std::string& target, const std::string& headers = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + headers +
         "Content-Length: 0\r\n\r\n";
}

// "HTTP/1.1 200 OK" -> 200; 0 if it is nothing of the kind.
inline int status_in(const std::string& answer) {
  return answer.starts_with("HTTP/1.") && answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

inline int status_of(std::uint16_t port, const std::string& request) {
  const RawClient client(port);
  client.send(request);
  return status_in(client.rest().value_or(""));
}

}  // namespace sluice::testing_support
