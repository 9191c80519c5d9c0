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

std::string names_of(const ConfigFiles& files) {
  std::string names;
  for (const std::string& path : files.paths) {
    names += (names.empty() ? "" : " + ") + path;
  }
  return names + (files.environment.empty() ? "" : " --env " + files.environment);
}

}  // namespace

ExitCode check_config(const ConfigFiles& files, ReportFormat format) {
  const LoadedConfig loaded = load_config(files);
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
  return print(names_of(files) + ": ok: " + std::to_string(config.sources.size()) + " source(s), " +
               std::to_string(config.flows.size()) + " flow(s), " +
               std::to_string(config.sinks.size()) + " sink(s)\n");
}

ExitCode print_effective(const ConfigFiles& files) {
  const Result<std::string> effective = effective_config(files);
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
