// Ctrl-C and SIGTERM as a number that a loop can look at.
#pragma once

#include <chrono>

namespace sluice::lab {

// One object at a time in a process; the signals are its own from construction to destruction.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  [[nodiscard]] int count() const;  // since construction. Any thread
  // Returns early when one arrives. One thread at a time.
  void wait(std::chrono::milliseconds at_most) const;
};

}  // namespace sluice::lab
