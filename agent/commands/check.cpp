#include "commands/commands.h"
#include "commands/printing.h"
#include "config/config.h"

#include <iostream>

namespace sluice {

namespace {

ExitCode connect_in_text(const Config& config, std::chrono::milliseconds timeout) {
  ExitCode printed = ExitCode::Success;
  const bool all_ok = try_connections(config, timeout, [&](const ConnectFinding& finding) {
    printed = printed == ExitCode::Success ? print(to_text(finding) + '\n') : printed;
  });
  return all_ok ? printed : ExitCode::Failure;
}

ExitCode check_in_json(const LoadedConfig& loaded, const CheckOptions& options) {
  ExitCode verdict = loaded.ok() ? ExitCode::Success : ExitCode::BadConfig;
  std::string report = to_json(loaded.diagnostics);
  if (options.connect) {
    std::string findings;
    if (loaded.ok() &&
        !try_connections(loaded.config, options.timeout, [&](const ConnectFinding& finding) {
          findings += (findings.empty() ? "\n  " : ",\n  ") + to_json(finding);
        })) {
      verdict = ExitCode::Failure;
    }
    report = "{\"diagnostics\": " + report + ", \"connections\": [" + findings + "]}\n";
  }
  const ExitCode printed = print(report);
  return printed == ExitCode::Success ? verdict : printed;
}

std::string names_of(const ConfigFiles& files) {
  std::string names;
  for (const std::string& path : files.paths) {
    names += (names.empty() ? "" : " + ") + path;
  }
  return names + (files.environment.empty() ? "" : " --env " + files.environment);
}

}  // namespace

ExitCode check_config(const ConfigFiles& files, const CheckOptions& options) {
  const LoadedConfig loaded = load_config(files);
  if (options.format == ReportFormat::Json) {
    return check_in_json(loaded, options);
  }
  if (!print_problems(loaded)) {
    return ExitCode::BadConfig;
  }
  const Config& config = loaded.config;
  const ExitCode printed =
      print(names_of(files) + ": ok: " + std::to_string(config.sources.size()) + " source(s), " +
            std::to_string(config.flows.size()) + " flow(s), " +
            std::to_string(config.sinks.size()) + " sink(s)\n");
  return options.connect && printed == ExitCode::Success ? connect_in_text(config, options.timeout)
                                                         : printed;
}

ExitCode print_effective(const ConfigFiles& files) {
  const Result<std::string> effective = effective_config(files);
  if (!effective) {
    std::cerr << effective.error().message << '\n';
    return ExitCode::BadConfig;
  }
  return print(*effective);
}

}  // namespace sluice
