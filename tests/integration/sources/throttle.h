// A slow line between a source and its broker.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace sluice::testing_support {

// Forwards one connection at a time; what the broker sends gets through at `bytes_per_second`.
class Throttle {
 public:
  Throttle(std::uint16_t broker, std::size_t bytes_per_second);
  ~Throttle();
  Throttle(const Throttle&) = delete;
  Throttle& operator=(const Throttle&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void serve(std::uint16_t broker, std::size_t bytes_per_second);

  int listener_;
  std::array<int, 2> wake_{};  // a pipe, written to at the end
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace sluice::testing_support
