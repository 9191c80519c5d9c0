#include "commands/config_options.h"

namespace sluice {

ConfigOptions add_config_options(CLI::App& command, ConfigFiles& files) {
  files = ConfigFiles("/etc/sluice/sluice.yaml");
  // One file for each -c: what follows may be an argument of the command.
  CLI::Option* config =
      command
          .add_option("-c,--config", files.paths,
                      "Configuration file (YAML); several times: each is laid over those before it")
          ->allow_extra_args(false)
          ->capture_default_str()
          ->type_name("FILE");
  CLI::Option* environment =
      command
          .add_option("--env", files.environment,
                      "Also NAME's file beside the first one: sluice.NAME.yaml for sluice.yaml")
          ->type_name("NAME");
  return {config, environment};
}

}  // namespace sluice
