#include "metrics/process_figures.h"

#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace sluice {

namespace {

// The number behind `name` in a file of lines "name number …".
std::optional<std::uint64_t> number_in(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;) {
    std::uint64_t number = 0;
    if (word == name && file >> number) {
      return number;
    }
    file.clear();
    file.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  return std::nullopt;
}

// Numbers of /proc/self/stat as in proc(5), where the third one is the state. The name before it
// may hold anything, but only it has a closing parenthesis.
class StatLine {
 public:
  StatLine() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    const std::size_t name_ends = line.rfind(')');
    if (name_ends != std::string::npos) {
      rest_ = line.substr(name_ends + 1);
    }
  }

  [[nodiscard]] std::optional<double> seconds(int field) const {
    constexpr int kFirst = 3;
    std::istringstream words(rest_);
    std::string skipped;
    for (int i = kFirst; i < field; ++i) {
      words >> skipped;
    }
    std::uint64_t ticks = 0;
    const long per_second = sysconf(_SC_CLK_TCK);
    if (!(words >> ticks) || per_second <= 0) {
      return std::nullopt;
    }
    return static_cast<double>(ticks) / static_cast<double>(per_second);
  }

 private:
  std::string rest_;
};

}  // namespace

ProcessFigures process_figures() {
  constexpr int kUserTime = 14;
  constexpr int kSystemTime = 15;
  constexpr int kStartTime = 22;
  ProcessFigures figures;
  const StatLine stat;
  const auto user = stat.seconds(kUserTime);
  const auto system = stat.seconds(kSystemTime);
  if (user && system) {
    figures.cpu_seconds = *user + *system;
  }
  const auto booted = number_in("/proc/stat", "btime");
  const auto started = stat.seconds(kStartTime);
  if (booted && started) {
    figures.start_seconds = static_cast<double>(*booted) + *started;
  }
  if (const auto kibibytes = number_in("/proc/self/status", "VmRSS:")) {
    figures.resident_bytes = *kibibytes * 1024;
  }
  figures.written_bytes = number_in("/proc/self/io", "write_bytes:");
  return figures;
}

}  // namespace sluice
