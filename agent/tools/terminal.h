// What a tool says while it works, to whoever looks at it.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

// One line on standard error that is written again and again, if that is a terminal; nothing
// otherwise. Goes away at the end. One thread.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(std::uint64_t count, const char* unit);

 private:
  std::string what_;
  bool terminal_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

// Asks on the terminal. False: the answer is not yes, or there is nobody to ask.
bool confirmed_by_user(const std::string& question);

}  // namespace sluice
