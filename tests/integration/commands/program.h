// Runs the real program, and others, and keeps what they say.
#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <chrono>
#include <fstream>
#include <string>
#include <vector>

namespace sluice::testing_support {

struct Outcome {
  int code = -1;
  std::string text;  // standard output and standard error
};

inline std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Without a terminal.
inline Outcome run_program(std::vector<std::string> arguments,
                           const std::vector<std::string>& environment = {}) {
  const TempDirectory directory;
  arguments.insert(arguments.begin(), {"sh", "-c", R"(exec "$@" </dev/null)", "sh"});
  Process process({.arguments = std::move(arguments),
                   .output = directory.file("out"),
                   .environment = environment});
  Outcome outcome;
  outcome.code = process.wait(std::chrono::seconds(60)).value_or(-1);
  outcome.text = content_of(directory.file("out"));
  return outcome;
}

inline Outcome run_sluice(std::vector<std::string> arguments,
                          const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), SLUICE_BINARY);
  return run_program(std::move(arguments), environment);
}

// For EXPECT_TRUE, with the whole text in the message.
inline bool has(const Outcome& outcome, const std::string& text) {
  return outcome.text.find(text) != std::string::npos;
}

}  // namespace sluice::testing_support
