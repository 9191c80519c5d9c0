#include "commands/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <system_error>

namespace sluice {

namespace {

std::string environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

std::int64_t number_or_zero(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  return failed == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string microseconds_of(std::chrono::microseconds time) {
  return std::to_string(time.count());
}

// A line break would begin another assignment.
std::string on_one_line(std::string words) {
  std::ranges::replace(words, '\n', ' ');
  return words;
}

Error failure(const std::string& socket, const std::string& why) {
  return {Reaction::Retry, "cannot tell the supervisor at " + socket + ": " + why};
}

}  // namespace

ServiceManager::Options ServiceManager::from_environment() {
  Options options{.socket = environment("NOTIFY_SOCKET")};
  const std::string process = environment("WATCHDOG_PID");
  if (process.empty() || number_or_zero(process) == getpid()) {
    options.watchdog = std::chrono::microseconds(
        std::max<std::int64_t>(0, number_or_zero(environment("WATCHDOG_USEC"))));
  }
  return options;
}

std::optional<std::chrono::microseconds> ServiceManager::interval() const {
  if (options_.socket.empty() || options_.watchdog.count() == 0) {
    return std::nullopt;
  }
  return options_.watchdog / 2;
}

Status ServiceManager::ready(const std::string& words) {
  return send("READY=1\nSTATUS=" + on_one_line(words));
}

Status ServiceManager::starting(const std::string& words, std::chrono::seconds more_time) {
  return send("EXTEND_TIMEOUT_USEC=" + microseconds_of(more_time) +
              "\nSTATUS=" + on_one_line(words));
}

Status ServiceManager::words(const std::string& words) {
  return send("STATUS=" + on_one_line(words));
}

Status ServiceManager::alive() {
  return interval() ? send("WATCHDOG=1") : Status();
}

Status ServiceManager::stopping(std::chrono::milliseconds at_most) {
  return send("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + microseconds_of(at_most) + "\nSTATUS=stopping");
}

Status ServiceManager::send(const std::string& message) const {
  const std::string& socket = options_.socket;
  if (socket.empty()) {
    return {};
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((socket[0] != '/' && socket[0] != '@') || socket.size() >= sizeof(address.sun_path)) {
    return failure(socket, "this is neither a path nor the name of an abstract socket");
  }
  std::memcpy(static_cast<char*>(address.sun_path), socket.data(), socket.size());
  if (socket[0] == '@') {
    address.sun_path[0] = '\0';
  }
  const int descriptor = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    return failure(socket, std::generic_category().message(errno));
  }
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket.size());
  const ssize_t sent = ::sendto(descriptor, message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), size);
  const int error = errno;
  ::close(descriptor);
  return sent < 0 ? Status(failure(socket, std::generic_category().message(error))) : Status();
}

}  // namespace sluice
