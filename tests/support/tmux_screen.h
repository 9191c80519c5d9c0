// A program on a terminal whose screen can be seen: tmux draws what it writes.
#pragma once

#include "tests/support/temp_directory.h"

#include <chrono>
#include <string>
#include <vector>

namespace sluice::testing_support {

// Ends the program at the end of the scope at the latest. One thread at a time.
class TmuxScreen {
 public:
  // command[0] is the program. Throws std::runtime_error if tmux does not start.
  TmuxScreen(const std::vector<std::string>& command, unsigned columns, unsigned rows);
  ~TmuxScreen();  // NOLINT(bugprone-exception-escape): see its definition
  TmuxScreen(const TmuxScreen&) = delete;
  TmuxScreen& operator=(const TmuxScreen&) = delete;

  void type(const std::string& key);  // as tmux names it: q, Enter, Down
  void resize(unsigned columns, unsigned rows);

  // As they are now, from the top; without blanks at their ends.
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::string text() const;
  // Whether the screen comes to show this. The time is a safety net.
  [[nodiscard]] bool shows(const std::string& words) const;

 private:
  std::string tmux(const std::vector<std::string>& arguments) const;

  TempDirectory directory_;
};

}  // namespace sluice::testing_support
