#include "commands/commands.h"
#include "config/config.h"

#include <iostream>

namespace sluice {

ExitCode check_config(const std::string& config_file) {
  const LoadedConfig loaded = load_config(config_file);
  for (const Diagnostic& diagnostic : loaded.diagnostics) {
    std::cerr << to_text(diagnostic) << '\n';
  }
  if (!loaded.ok()) {
    return ExitCode::BadConfig;
  }
  const Config& config = loaded.config;
  std::cout << config_file << ": ok: " << config.sources.size() << " source(s), "
            << config.flows.size() << " flow(s), " << config.sinks.size() << " sink(s)\n";
  return ExitCode::Success;
}

}  // namespace sluice
