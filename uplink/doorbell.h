// How other threads wake the uplink's thread without touching its io_context, which may be on its
// way to destruction by then.
#pragma once

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace sluice {

// Threads: ring() may be called from any thread, everything else on the thread of `io`.
class Doorbell {
 public:
  // `rung` is called on the thread of `io`, once for any number of rings, while it listens.
  Doorbell(boost::asio::io_context& io, std::function<void()> rung);
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // While it listens, the io_context has work. A ring that came before is heard.
  void listen();
  void rest();

  void ring() const noexcept;
  // For libraries that ring by writing eight bytes, a number above 0, themselves.
  [[nodiscard]] int descriptor() const;

 private:
  struct State;
  static void wait(const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;  // shared with the handler that waits
};

}  // namespace sluice
