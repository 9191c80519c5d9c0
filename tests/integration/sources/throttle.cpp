#include "tests/integration/sources/throttle.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <stdexcept>
#include <vector>

namespace sluice::testing_support {

namespace {

using Clock = std::chrono::steady_clock;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

// False at the end of the connection.
bool forward(int from, int to, std::size_t at_most) {
  std::vector<char> buffer(at_most);
  const ssize_t size = recv(from, buffer.data(), buffer.size(), 0);
  if (size <= 0) {
    return false;
  }
  std::size_t sent = 0;
  while (sent < static_cast<std::size_t>(size)) {
    const ssize_t now =
        send(to, buffer.data() + sent, static_cast<std::size_t>(size) - sent, MSG_NOSIGNAL);
    if (now <= 0) {
      return false;
    }
    sent += static_cast<std::size_t>(now);
  }
  return true;
}

// A portion every slice of time: that is the speed of the line. False if it is time to end.
bool connection(int client, int broker, int wake, std::size_t bytes_per_second) {
  constexpr std::chrono::milliseconds kSlice{20};
  const std::size_t portion = bytes_per_second * 20 / 1000;
  auto next = Clock::now();
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
    const bool may_read = left.count() <= 0;
    std::array<pollfd, 3> waiting{{{wake, POLLIN, 0}, {client, POLLIN, 0}, {broker, POLLIN, 0}}};
    poll(waiting.data(), may_read ? 3 : 2, may_read ? -1 : static_cast<int>(left.count()));
    if (waiting[0].revents != 0) {
      return false;
    }
    if (waiting[1].revents != 0 && !forward(client, broker, 64UL * 1024)) {
      return true;
    }
    if (may_read && waiting[2].revents != 0) {
      if (!forward(broker, client, portion)) {
        return true;
      }
      next = Clock::now() + kSlice;
    }
  }
}

}  // namespace

Throttle::Throttle(std::uint16_t broker, std::size_t bytes_per_second)
    : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof(address);
  if (bind(listener_, generic(address), size) != 0 || listen(listener_, 4) != 0 ||
      getsockname(listener_, generic(address), &size) != 0 || pipe(wake_.data()) != 0) {
    throw std::runtime_error("cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this, broker, bytes_per_second] { serve(broker, bytes_per_second); });
}

Throttle::~Throttle() {
  static_cast<void>(write(wake_[1], "x", 1));  // a pipe has room for one byte
  thread_.join();
  close(listener_);
  close(wake_[0]);
  close(wake_[1]);
}

void Throttle::serve(std::uint16_t broker, std::size_t bytes_per_second) {
  bool going_on = true;
  while (going_on) {
    std::array<pollfd, 2> waiting{{{wake_[0], POLLIN, 0}, {listener_, POLLIN, 0}}};
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) {
      return;
    }
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const int upstream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(broker);
    if (connect(upstream, generic(address), sizeof(address)) == 0) {
      going_on = connection(client, upstream, wake_[0], bytes_per_second);
    }
    close(client);
    close(upstream);
  }
}

}  // namespace sluice::testing_support
