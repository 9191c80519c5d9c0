#include "uplink/doorbell.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace sluice {

struct Doorbell::State {
  State(boost::asio::io_context& io, int fd, std::function<void()> when_rung)
      : descriptor(io, fd), rung(std::move(when_rung)) {}

  boost::asio::posix::stream_descriptor descriptor;
  std::function<void()> rung;
  bool listening = false;
  bool waiting = false;  // a handler is under way
};

Doorbell::Doorbell(boost::asio::io_context& io, std::function<void()> rung) {
  const int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) {  // out of descriptors or memory: as bad as bad_alloc
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  state_ = std::make_shared<State>(io, fd, std::move(rung));
}

Doorbell::~Doorbell() {
  state_->listening = false;
  state_->rung = nullptr;
  boost::system::error_code ignored;  // there may be nothing to cancel
  state_->descriptor.cancel(ignored);
}

void Doorbell::listen() {
  state_->listening = true;
  if (!state_->waiting) {
    wait(state_);
  }
}

void Doorbell::rest() {
  state_->listening = false;
  boost::system::error_code ignored;  // there may be nothing to cancel
  state_->descriptor.cancel(ignored);
}

void Doorbell::ring() const noexcept {
  const std::uint64_t one = 1;
  // It cannot fail: the counter will not reach 2^64, and then it would be rung anyway.
  const auto written = ::write(state_->descriptor.native_handle(), &one, sizeof(one));
  static_cast<void>(written);
}

int Doorbell::descriptor() const {
  return state_->descriptor.native_handle();
}

void Doorbell::wait(const std::shared_ptr<State>& state) {
  state->waiting = true;
  state->descriptor.async_wait(
      boost::asio::posix::stream_descriptor::wait_read,
      [state](const boost::system::error_code& cancelled) {
        state->waiting = false;
        if (!state->listening) {
          return;
        }
        if (!cancelled) {
          std::uint64_t rings = 0;
          const auto got = ::read(state->descriptor.native_handle(), &rings, sizeof(rings));
          static_cast<void>(got);  // another look may have emptied it
        }
        wait(state);
        if (!cancelled) {
          const std::function<void()> rung = state->rung;  // the call may end the doorbell
          rung();
        }
      });
}

}  // namespace sluice
