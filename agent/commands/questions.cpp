#include "commands/questions.h"

#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>

namespace sluice {

namespace {

// What is typed is not shown as long as one exists.
class SilentTerminal {
 public:
  SilentTerminal() : known_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (known_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
  }
  ~SilentTerminal() {
    if (known_) {
      ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  termios before_{};
  bool known_;
};

std::string trimmed(std::string text) {
  constexpr const char* kSpace = " \t\r";
  text.erase(0, std::min(text.find_first_not_of(kSpace), text.size()));
  text.erase(text.find_last_not_of(kSpace) + 1);
  return text;
}

}  // namespace

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> ask(const std::string& question, const std::string& preset,
                               const Objection& objection) {
  for (;;) {
    std::cerr << question << (preset.empty() ? "" : " [" + preset + ']') << ": " << std::flush;
    std::string answer;
    if (!std::getline(std::cin, answer)) {
      return std::nullopt;
    }
    answer = trimmed(std::move(answer));
    if (answer.empty()) {
      answer = preset;
    }
    const std::string wrong = answer.empty() ? "an answer is needed" : objection(answer);
    if (wrong.empty()) {
      return answer;
    }
    std::cerr << "  " << wrong << '\n';
  }
}

std::optional<std::string> ask_secretly(const std::string& question) {
  const SilentTerminal silent;
  std::cerr << question << ": " << std::flush;
  std::string answer;
  const bool answered = static_cast<bool>(std::getline(std::cin, answer));
  std::cerr << '\n';
  return answered ? std::optional(answer) : std::nullopt;
}

}  // namespace sluice
