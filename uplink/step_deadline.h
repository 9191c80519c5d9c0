// The time limit of the step that a connection is in.
#pragma once

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sluice {

// Meant to be set for every exchange of a busy connection: while its timer runs and fires no later
// than needed, setting it is an assignment, and the timer looks at the limit of the moment when it
// fires. The agent is woken once per time-out instead of paying for a timer with every block.
//
// Threads: the io_context's thread.
class StepDeadline {
 public:
  explicit StepDeadline(boost::asio::io_context& io);
  ~StepDeadline();  // NOLINT(bugprone-exception-escape): see there
  StepDeadline(const StepDeadline&) = delete;
  StepDeadline& operator=(const StepDeadline&) = delete;

  // `expired` is called once, unless set() or clear() comes first.
  void set(std::chrono::milliseconds from_now, std::function<void()> expired);
  void clear();
  // Clears, and leaves nothing behind in the io_context.
  void close();

 private:
  class Timer;
  std::shared_ptr<Timer> timer_;  // Asio's handlers share it
};

}  // namespace sluice
