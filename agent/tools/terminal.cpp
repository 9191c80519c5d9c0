#include "tools/terminal.h"

#include "tools/text.h"

#include <unistd.h>

#include <iostream>
#include <utility>

namespace sluice {

Progress::Progress(std::string what)
    : what_(std::move(what)), terminal_(::isatty(STDERR_FILENO) == 1) {
}

Progress::~Progress() {
  if (shown_) {
    std::cerr << "\r\x1b[K" << std::flush;
  }
}

void Progress::show(std::uint64_t count, const char* unit) {
  constexpr std::chrono::milliseconds kPace{200};
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ || now < next_) {
    return;
  }
  next_ = now + kPace;
  shown_ = true;
  std::cerr << "\r\x1b[K" << what_ << ' ' << grouped(count) << ' ' << unit << std::flush;
}

bool confirmed_by_user(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1) {
    return false;
  }
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace sluice
