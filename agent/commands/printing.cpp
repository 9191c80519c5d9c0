#include "commands/printing.h"

#include <iostream>

namespace sluice {

ExitCode print(const std::string& text) {
  std::cout << text << std::flush;
  if (!std::cout) {
    std::cerr << "cannot write to standard output\n";
    return ExitCode::Failure;
  }
  return ExitCode::Success;
}

bool print_problems(const LoadedConfig& loaded) {
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    std::cerr << to_text(diagnostic) << '\n';
  }
  return loaded.ok();
}

}  // namespace sluice
