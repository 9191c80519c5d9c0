#include "tests/lab/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <stdexcept>

namespace sluice::lab {

namespace {

// A signal handler can reach nothing but globals.
std::atomic<int> arrived = 0;
std::atomic<int> wake_up = -1;

void note(int /*signal*/) {
  const int reason = errno;
  ++arrived;
  const std::uint64_t one = 1;
  // If it cannot be written, the waiting thread wakes up a little later.
  static_cast<void>(!write(wake_up, &one, sizeof(one)));
  errno = reason;
}

void handle(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

Interrupts::Interrupts() {
  wake_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_up < 0) {
    throw std::runtime_error("no eventfd");
  }
  arrived = 0;
  handle(note);
}

Interrupts::~Interrupts() {
  handle(SIG_DFL);
  close(wake_up.exchange(-1));
}

int Interrupts::count() const {
  return arrived;
}

void Interrupts::wait(std::chrono::milliseconds at_most) const {
  pollfd waiting{.fd = wake_up, .events = POLLIN, .revents = 0};
  if (poll(&waiting, 1, static_cast<int>(at_most.count())) > 0) {
    std::uint64_t count = 0;
    static_cast<void>(!read(wake_up, &count, sizeof(count)));  // count() knows
  }
}

}  // namespace sluice::lab
