#include "tests/support/terminal.h"

#include "tests/support/process.h"

#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

namespace sluice::testing_support {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& each : strings) {
    // execvp does not write.
    result.push_back(
        const_cast<char*>(each.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  }
  result.push_back(nullptr);
  return result;
}

}  // namespace

Terminal::Terminal(const std::vector<std::string>& arguments) {
  const std::vector<char*> words = pointers(arguments);
  // Wide, so that nothing is wrapped.
  const winsize size{.ws_row = 50, .ws_col = 500, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ < 0) {
    throw std::runtime_error("no terminal");
  }
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(words.front(), words.data());
    _exit(127);
  }
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

void Terminal::type(const std::string& text) {
  if (::write(terminal_, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    throw std::runtime_error("the terminal does not take what is typed");
  }
}

bool Terminal::shows(const std::string& text, std::chrono::milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    const std::size_t found = seen_.find(text, asked_);
    if (found != std::string::npos) {
      asked_ = found + text.size();
      return true;
    }
    if (!read_more(end)) {
      return false;
    }
  }
}

std::optional<int> Terminal::wait(std::chrono::milliseconds at_most) {
  const auto end = std::chrono::steady_clock::now() + at_most;
  while (read_more(end)) {
  }
  int status = 0;
  const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; },
                                std::max(at_most, std::chrono::milliseconds(1)));
  if (!ended) {
    return std::nullopt;
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// False: nothing in time, or nothing any more.
bool Terminal::read_more(std::chrono::steady_clock::time_point end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(
      std::max(end - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration(0)));
  pollfd ready{.fd = terminal_, .events = POLLIN, .revents = 0};
  if (::poll(&ready, 1, static_cast<int>(left.count())) <= 0) {
    return false;
  }
  std::array<char, 4096> chunk{};
  const ssize_t bytes = ::read(terminal_, chunk.data(), chunk.size());
  if (bytes <= 0) {
    return false;
  }
  seen_.append(chunk.data(), static_cast<std::size_t>(bytes));
  return true;
}

}  // namespace sluice::testing_support
