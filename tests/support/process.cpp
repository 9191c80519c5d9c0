#include "tests/support/process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::testing_support {

namespace {

// Between fork and exec only async-signal-safe calls are allowed, so everything is prepared before.
struct Prepared {
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int output = -1;
  int failure = -1;  // where errno goes if the program cannot be executed; closed if it can
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (const std::string& each : strings) {
    result.push_back(const_cast<char*>(
        each.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): execve does not write
  }
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> merged_environment(const std::vector<std::string>& extra) {
  std::vector<std::string> all = extra;
  for (char** each = environ; *each != nullptr; ++each) {
    all.emplace_back(*each);
  }
  return all;  // the first of two equal names wins in glibc's getenv
}

[[noreturn]] void become(const char* program, const Prepared& prepared, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A connection that the test closes must not live on in a program that was started meanwhile.
  close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (getppid() != parent) {
    _exit(127);
  }
  setpgid(0, 0);
  if (prepared.output >= 0) {
    dup2(prepared.output, STDOUT_FILENO);
    dup2(prepared.output, STDERR_FILENO);
  }
  execve(program, prepared.arguments.data(), prepared.environment.data());
  const int reason = errno;
  // If even this cannot be written, exit code 127 still tells.
  static_cast<void>(!write(prepared.failure, &reason, sizeof(reason)));
  _exit(127);
}

int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string read_all(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::uint64_t number_after(const std::string& text, const std::string& label) {
  const std::size_t at = text.find(label);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at + label.size(), nullptr, 10);
}

constexpr std::uint64_t kKiB = 1024;

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// All threads, also those that have ended. Unlike the ticks of /proc/<pid>/stat this is exact.
double cpu_seconds_of(pid_t pid) {
  clockid_t clock = 0;
  timespec used{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) {
    return 0;
  }
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

Usage usage_of(const rusage& whole_life) {
  constexpr std::uint64_t kSector = 512;
  return {.cpu_seconds = seconds(whole_life.ru_utime) + seconds(whole_life.ru_stime),
          .rss_bytes = 0,
          .peak_rss_bytes = static_cast<std::uint64_t>(whole_life.ru_maxrss) * kKiB,
          .written_bytes = static_cast<std::uint64_t>(whole_life.ru_oublock) * kSector};
}

}  // namespace

Process::Process(const Options& options) {
  std::vector<std::string> arguments = options.arguments;
  const std::string program = find_program(arguments.at(0));
  std::vector<std::string> environment = merged_environment(options.environment);
  Prepared prepared{pointers(arguments), pointers(environment)};
  if (!options.output.empty()) {
    prepared.output = open(options.output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }
  std::array<int, 2> failure{-1, -1};
  if (pipe2(failure.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot start " + program + ": " + std::strerror(errno));
  }
  prepared.failure = failure[1];
  const pid_t parent = getpid();
  pid_ = fork();
  int reason = pid_ < 0 ? errno : 0;
  if (pid_ == 0) {
    become(program.c_str(), prepared, parent);
  }
  if (prepared.output >= 0) {
    close(prepared.output);
  }
  close(failure[1]);
  const bool failed = read(failure[0], &reason, sizeof(reason)) > 0 || pid_ < 0;
  close(failure[0]);
  if (failed) {
    kill();
    throw std::runtime_error("cannot start " + program + ": " + std::strerror(reason));
  }
}

Process::~Process() {
  kill();
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      exit_(std::exchange(other.exit_, std::nullopt)),
      final_(other.final_) {
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    exit_ = std::exchange(other.exit_, std::nullopt);
    final_ = other.final_;
  }
  return *this;
}

bool Process::running() {
  return !wait(std::chrono::milliseconds(0)).has_value();
}

void Process::signal(int number) const {
  if (pid_ > 0 && !exit_) {
    ::kill(pid_, number);
  }
}

std::optional<int> Process::wait(std::chrono::milliseconds at_most) {
  if (pid_ <= 0) {
    return exit_.value_or(0);
  }
  eventually(
      [this] {
        int status = 0;
        rusage whole_life{};
        if (!exit_ && wait4(pid_, &status, WNOHANG, &whole_life) == pid_) {
          exit_ = exit_code(status);
          final_ = usage_of(whole_life);
        }
        return exit_.has_value();
      },
      at_most);
  return exit_;
}

void Process::kill() {
  if (pid_ > 0 && !exit_) {
    ::kill(pid_, SIGKILL);
    wait(std::chrono::seconds(30));
  }
}

Usage Process::usage() const {
  return exit_ ? final_ : usage_of(pid_);
}

Usage usage_of(pid_t pid) {
  const std::string directory = "/proc/" + std::to_string(pid);
  const std::string status = read_all(directory + "/status");
  return {.cpu_seconds = cpu_seconds_of(pid),
          .rss_bytes = number_after(status, "VmRSS:") * kKiB,
          .peak_rss_bytes = number_after(status, "VmHWM:") * kKiB,
          .written_bytes = number_after(read_all(directory + "/io"), "\nwrite_bytes: ")};
}

std::vector<std::pair<std::string, double>> threads_of(pid_t pid) {
  std::vector<std::pair<std::string, double>> threads;
  std::error_code gone;
  const std::string directory = "/proc/" + std::to_string(pid) + "/task";
  for (const auto& entry : std::filesystem::directory_iterator(directory, gone)) {
    std::string name = read_all(entry.path() / "comm");
    if (name.ends_with('\n')) {
      name.pop_back();
    }
    // First figure of schedstat: nanoseconds on a CPU. Finer than the ticks of stat.
    const std::string schedule = read_all(entry.path() / "schedstat");
    threads.emplace_back(name,
                         static_cast<double>(std::strtoull(schedule.c_str(), nullptr, 10)) * 1e-9);
  }
  return threads;
}

std::uint16_t free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener, generic, size) != 0 || getsockname(listener, generic, &size) != 0) {
    close(listener);
    throw std::runtime_error("no free port");
  }
  close(listener);
  return ntohs(address.sin_port);
}

bool port_answers(std::uint16_t port) {
  const int connection = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool answers =
      connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(connection);
  return answers;
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds at_most) {
  const auto deadline = std::chrono::steady_clock::now() + at_most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nobody changes it
  std::stringstream folders(std::string(path != nullptr ? path : "") +
                            ":/usr/sbin:/usr/local/sbin");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  throw std::runtime_error(name + " is not installed");
}

}  // namespace sluice::testing_support
