// Child processes of a test, the load generator and the demo.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing_support {

// User and system CPU time a process has used, and its memory. Zero if it is gone.
struct Usage {
  double cpu_seconds = 0;
  std::uint64_t rss_bytes = 0;
  std::uint64_t peak_rss_bytes = 0;
  std::uint64_t written_bytes = 0;  // to storage, from /proc/<pid>/io
};
Usage usage_of(pid_t pid);

// Starts a program; kills and reaps it at the end of the scope at the latest. It also dies with the
// thread that started it, so that a killed test leaves nothing behind. It is a process group of its
// own: Ctrl-C in a terminal reaches only us, and we decide what becomes of it. One thread at a
// time.
class Process {
 public:
  struct Options {
    std::vector<std::string> arguments;  // [0] is the program: a path, or a name looked up in PATH
    std::string output;  // stdout and stderr are appended to this file; empty: inherited
    std::vector<std::string> environment;  // NAME=value, in addition to our own
  };

  explicit Process(const Options& options);  // throws std::runtime_error if it cannot be started
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  void signal(int number) const;
  // Waits for the end. The exit code, or 128 + the signal that ended it; nothing if it still runs.
  std::optional<int> wait(std::chrono::milliseconds at_most);
  void kill();  // SIGKILL, and wait
  // So far or, once it has been waited for, of its whole life.
  [[nodiscard]] Usage usage() const;

 private:
  pid_t pid_ = -1;
  std::optional<int> exit_;
  Usage final_;
};

// CPU seconds of each thread by name.
std::vector<std::pair<std::string, double>> threads_of(pid_t pid);

// A TCP port of 127.0.0.1 that was free a moment ago.
std::uint16_t free_port();
bool port_answers(std::uint16_t port);

// Looks every few milliseconds until `condition` holds. False if it does not in time; the time is
// a safety net for a broken test, never part of what is tested.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds at_most = std::chrono::seconds(30));

// Directory of an installed program that may be outside PATH, e.g. /usr/sbin/mosquitto.
std::string find_program(const std::string& name);

}  // namespace sluice::testing_support
