#include "tests/support/tmux_screen.h"

#include "tests/support/process.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::testing_support {

TmuxScreen::TmuxScreen(const std::vector<std::string>& command, unsigned columns, unsigned rows) {
  std::vector<std::string> arguments{"new-session",           "-d", "-x",
                                     std::to_string(columns), "-y", std::to_string(rows)};
  arguments.insert(arguments.end(), command.begin(), command.end());
  const std::string words = tmux(arguments);
  if (!words.empty()) {
    throw std::runtime_error("tmux: " + words);
  }
}

// NOLINTNEXTLINE(bugprone-exception-escape): who cannot start tmux now may not go on
TmuxScreen::~TmuxScreen() {
  tmux({"kill-server"});
}

void TmuxScreen::type(const std::string& key) {
  tmux({"send-keys", key});
}

void TmuxScreen::resize(unsigned columns, unsigned rows) {
  tmux({"resize-window", "-x", std::to_string(columns), "-y", std::to_string(rows)});
}

std::string TmuxScreen::text() const {
  return tmux({"capture-pane", "-p"});
}

std::vector<std::string> TmuxScreen::lines() const {
  std::vector<std::string> lines;
  std::istringstream all(text());
  for (std::string line; std::getline(all, line);) {
    lines.push_back(line);
  }
  return lines;
}

bool TmuxScreen::shows(const std::string& words) const {
  return eventually([&] { return text().find(words) != std::string::npos; });
}

// A server of its own, without anybody's configuration.
std::string TmuxScreen::tmux(const std::vector<std::string>& arguments) const {
  std::vector<std::string> all{"tmux", "-u", "-f", "/dev/null", "-S", directory_.file("tmux")};
  all.insert(all.end(), arguments.begin(), arguments.end());
  const TempDirectory out;
  Process process(
      {.arguments = std::move(all), .output = out.file("out"), .environment = {"LC_ALL=C.UTF-8"}});
  process.wait(std::chrono::seconds(20));
  std::stringstream text;
  text << std::ifstream(out.file("out")).rdbuf();
  return text.str();
}

}  // namespace sluice::testing_support
