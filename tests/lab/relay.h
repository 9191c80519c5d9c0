// A network between two TCP peers that can be made bad.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

namespace sluice::lab {

enum class Direction {
  Forward,  // from the client that connected to us, to the server
  Back,     // from the server to the client
};

struct RelayOptions {
  std::uint16_t listen = 0;  // 0: any free port; always on 127.0.0.1
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // of the server
};

// Runs on a thread of its own from construction to destruction. Every method: any thread, the
// relay's own (in the observer) included; what it changes is in force when it returns.
class Relay {
 public:
  explicit Relay(const RelayOptions& options);  // throws std::runtime_error if it cannot listen
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  void cut();                  // resets every connection now; new ones may come
  void refuse(bool refusing);  // resets every new connection as soon as it is accepted
  // Reads nothing more in that direction: bytes pile up with the sender.
  void pause(Direction direction);
  void resume(Direction direction);
  void throttle(Direction direction, std::size_t bytes_per_second);  // 0: as fast as possible
  void delay(std::chrono::milliseconds each_way);

  // Called with all bytes before they are passed on: if it calls cut(), they are not. It must not
  // block. Set before the first connection, or know that some bytes were not shown.
  using Observer = std::function<void(Direction, std::span<const std::uint8_t>)>;
  void on_bytes(Observer observer);

  [[nodiscard]] std::uint64_t connections() const;               // accepted so far
  [[nodiscard]] std::size_t open_connections() const;            // now
  [[nodiscard]] std::uint64_t bytes(Direction direction) const;  // passed on so far

 private:
  class Network;
  std::unique_ptr<Network> network_;
};

}  // namespace sluice::lab
