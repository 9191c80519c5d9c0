#include "uplink/stdout_transport.h"

#include "uplink/record_lines.h"
#include "uplink/threaded_transport.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

constexpr short kInput = POLLIN;
constexpr short kOutput = POLLOUT;

class LineOutput final : public BlockWork {
 public:
  explicit LineOutput(int descriptor)
      : descriptor_(descriptor), stop_event_(eventfd(0, EFD_CLOEXEC)) {}
  ~LineOutput() override { ::close(stop_event_); }
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  Answer write(const BlockPtr& block, const std::stop_token& stop) override {
    auto text = text_of(block);
    if (!text) {
      const bool never = text.error().reaction == Reaction::Reject;
      return answer(never ? Verdict::Refused : Verdict::Retry, text.error().message);
    }
    const std::stop_callback wake(stop, [this] {
      const std::uint64_t one = 1;
      const auto written = ::write(stop_event_, &one, sizeof(one));
      static_cast<void>(written);  // a counter of 64 bits does not overflow
    });
    if (first_ != block->first || count_ != block->count) {
      if (const int failure = put(rest_of_line(), stop); failure != 0) {
        return failed(failure);
      }
      forget();
      first_ = block->first;
      count_ = block->count;
    }
    unfinished_ = *std::move(text);  // the same bytes as at an earlier attempt
    if (const int failure = put(std::string_view(*unfinished_).substr(position_), stop);
        failure != 0) {
      return failed(failure);
    }
    forget();
    return answer(Verdict::Confirmed, "");
  }

  [[nodiscard]] std::optional<Instant> next_idle() const override { return std::nullopt; }
  void idle() override {}

 private:
  static Answer answer(Verdict verdict, std::string detail) {
    return {.verdict = verdict, .retry_after = {}, .detail = std::move(detail)};
  }
  Answer failed(int failure) {
    if (failure == EPIPE) {  // whoever reads next has not seen the beginning
      forget();
    }
    return answer(Verdict::Retry,
                  "cannot write to standard output: " + std::generic_category().message(failure));
  }

  void forget() {
    unfinished_ = nullptr;
    position_ = 0;
    first_ = {};
    count_ = 0;
  }

  // Of the line that was cut off by the last failure. Another block must not be glued to it.
  [[nodiscard]] std::string_view rest_of_line() const {
    if (!unfinished_ || position_ == 0 || (*unfinished_)[position_ - 1] == '\n') {
      return {};
    }
    const std::string_view rest = std::string_view(*unfinished_).substr(position_);
    return rest.substr(0, rest.find('\n') + 1);
  }

  // Writes everything and counts what is written. 0, or why not.
  int put(std::string_view text, const std::stop_token& stop) {
    while (!text.empty()) {
      if (const int failure = wait_for_room(stop); failure != 0) {
        return failure;
      }
      // No more than what a pipe with room takes without blocking.
      const auto written =
          ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
      if (written < 0 && errno != EINTR && errno != EAGAIN) {
        return errno;
      }
      if (written > 0) {
        text.remove_prefix(static_cast<std::size_t>(written));
        position_ += static_cast<std::size_t>(written);
      }
    }
    return 0;
  }

  int wait_for_room(const std::stop_token& stop) const {
    std::array<pollfd, 2> either{{{.fd = descriptor_, .events = kOutput, .revents = 0},
                                  {.fd = stop_event_, .events = kInput, .revents = 0}}};
    const int ready = poll(either.data(), either.size(), -1);
    if (stop.stop_requested()) {
      return ECANCELED;
    }
    return ready < 0 && errno != EINTR ? errno : 0;
  }

  const int descriptor_;
  const int stop_event_;
  Sequence first_{};  // of the block that was begun
  std::uint32_t count_ = 0;
  std::shared_ptr<const std::string> unfinished_;
  std::size_t position_ = 0;  // what is written of it
};

}  // namespace

std::unique_ptr<Transport> make_stdout_transport(boost::asio::io_context& io, int descriptor,
                                                 std::chrono::milliseconds timeout) {
  return make_threaded_transport(io, std::make_unique<LineOutput>(descriptor), timeout);
}

}  // namespace sluice
