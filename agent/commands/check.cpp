#include "commands/commands.h"
#include "config/config.h"
#include "config/schema.h"

#include <iostream>

namespace sluice {

namespace {

// Nobody may take a cut-off page for the whole.
ExitCode print(const std::string& text) {
  std::cout << text << std::flush;
  if (!std::cout) {
    std::cerr << "cannot write to standard output\n";
    return ExitCode::Failure;
  }
  return ExitCode::Success;
}

}  // namespace

ExitCode check_config(const std::string& config_file, ReportFormat format) {
  const LoadedConfig loaded = load_config(config_file);
  const ExitCode verdict = loaded.ok() ? ExitCode::Success : ExitCode::BadConfig;
  if (format == ReportFormat::Json) {
    const ExitCode printed = print(to_json(loaded.diagnostics));
    return printed == ExitCode::Success ? verdict : printed;
  }
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    std::cerr << to_text(diagnostic) << '\n';
  }
  if (!loaded.ok()) {
    return verdict;
  }
  const Config& config = loaded.config;
  return print(config_file + ": ok: " + std::to_string(config.sources.size()) + " source(s), " +
               std::to_string(config.flows.size()) + " flow(s), " +
               std::to_string(config.sinks.size()) + " sink(s)\n");
}

ExitCode print_effective(const std::string& config_file) {
  const Result<std::string> effective = effective_config(config_file);
  if (!effective) {
    std::cerr << effective.error().message << '\n';
    return ExitCode::BadConfig;
  }
  return print(*effective);
}

ExitCode print_schema() {
  return print(config_schema());
}

ExitCode print_reference() {
  return print(config_reference());
}

}  // namespace sluice
