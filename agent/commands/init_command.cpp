#include "commands/init_command.h"

#include "commands/init.h"

#include <functional>
#include <memory>

namespace sluice {

namespace {

constexpr const char* kFooter =
    "Asks on the terminal for what is not given. Passwords in a URL go into files of their own, "
    "to\n"
    "which the configuration refers.";

}  // namespace

ToolCommand add_init_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<InitOptions>();
  CLI::App* init = app.add_subcommand("init", "Write a configuration to begin with");
  init->footer(kFooter);
  init->add_option("-o,--output", options->output, "The file to write")
      ->default_val("/etc/sluice/sluice.yaml")
      ->type_name("FILE");
  init->add_option("--broker", options->broker,
                   "Where messages come from: mqtt, mqtts, ws or wss://[user[:password]@]host")
      ->type_name("URL");
  init->add_option("--topic", options->topics, "What to subscribe to; more than once for several")
      ->type_name("FILTER")
      ->allow_extra_args(false);
  init->add_option("--endpoint", options->endpoint,
                   "Where records go: http or https://[user[:password]@]host/path")
      ->type_name("URL");
  init->add_flag("--yes", options->yes,
                 "Ask nothing, and write the file even if a connection does not work");
  init->add_flag("--force", options->force, "Replace a file that is there");
  auto untried = std::make_shared<bool>(false);
  init->add_flag("--no-connect", *untried, "Do not try broker and endpoint first");
  init->final_callback([chosen, options, untried] {
    *chosen = [options, untried] {
      options->connect = !*untried;
      return init_config(*options);
    };
  });
  return chosen;
}

}  // namespace sluice
