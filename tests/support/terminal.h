// A program on a terminal of its own, and somebody who types.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace sluice::testing_support {

// Kills and reaps the program at the end of the scope at the latest. One thread at a time.
class Terminal {
 public:
  // arguments[0] is the program. Throws std::runtime_error if there is no terminal to be had.
  explicit Terminal(const std::vector<std::string>& arguments);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& text);

  // Whether the program writes this, behind what was asked for before. The time is a safety net.
  bool shows(const std::string& text, std::chrono::milliseconds at_most = std::chrono::seconds(20));
  [[nodiscard]] const std::string& everything() const { return seen_; }

  // Reads to the end. The exit code, or 128 + the signal; nothing if it still runs.
  std::optional<int> wait(std::chrono::milliseconds at_most = std::chrono::seconds(20));

 private:
  bool read_more(std::chrono::steady_clock::time_point end);

  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string seen_;
  std::size_t asked_ = 0;  // so much of it
};

}  // namespace sluice::testing_support
