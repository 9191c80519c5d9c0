#include "commands/command_line.h"

#include "commands/commands.h"
#include "commands/config_options.h"
#include "commands/describing_commands.h"
#include "commands/duration_option.h"
#include "commands/health_command.h"
#include "commands/init_command.h"
#include "commands/tap_command.h"
#include "commands/test_command.h"
#include "commands/tool_commands.h"
#include "commands/top_command.h"
#include "commands/version.h"

#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace sluice {

namespace {

constexpr const char* kAbout =
    "sluice collects MQTT messages on an edge device, keeps them until they are safely elsewhere,\n"
    "and forwards them. A message that the broker was told is received is never lost.";

CLI::App* add_command(CLI::App& app, const char* name, const char* about, ConfigFiles& config) {
  CLI::App* command = app.add_subcommand(name, about);
  add_config_options(*command, config);
  return command;
}

CLI::App* add_check_command(CLI::App& app, ConfigFiles& config, CheckOptions& options) {
  CLI::App* check = add_command(app, "check", "Check a configuration file and exit", config);
  const std::map<std::string, ReportFormat> formats{{"text", ReportFormat::Text},
                                                    {"json", ReportFormat::Json}};
  check->add_option("--format", options.format, "How problems are reported: text or json")
      ->transform(CLI::Transformer(formats).description(""))
      ->type_name("text|json");
  CLI::Option* connect = check->add_flag(
      "--connect", options.connect,
      "Try every broker and destination as well; nothing is collected, acknowledged or delivered");
  add_duration_option(*check, "--timeout", options.timeout,
                      "Time for each connection that is tried")
      ->needs(connect);
  return check;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "sluice");
  app.set_version_flag("--version", "sluice " + std::string(version()));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 success, 1 failure at run time, 2 wrong usage, 78 bad configuration.");
  ConfigFiles config;
  const CLI::App* run =
      add_command(app, "run", "Collect and forward until SIGTERM or SIGINT", config);
  CheckOptions checking;
  CLI::App* check = add_check_command(app, config, checking);
  bool effective = false;
  check->add_flag("--print-effective", effective,
                  "Print the file as it is in force: defaults as comments, secrets masked");
  const ToolCommand init = add_init_command(app);
  const ToolCommand health = add_health_command(app);
  const ToolCommand test = add_test_command(app);
  const ToolCommand tap = add_tap_command(app);
  const ToolCommand top = add_top_command(app);
  const ToolCommand tool = add_tool_commands(app);
  const ToolCommand description = add_describing_commands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error);
    return static_cast<int>(asked_for ? ExitCode::Success : ExitCode::Usage);
  }
  ExitCode code = ExitCode::Usage;
  if (run->parsed()) {
    code = run_agent(config);
  } else if (check->parsed()) {
    code = check_config(config, checking);
    if (effective && code == ExitCode::Success) {
      code = print_effective(config);
    }
  } else {
    for (const ToolCommand& command : {init, health, test, tap, top, tool, description}) {
      code = *command ? (*command)() : code;
    }
  }
  return static_cast<int>(code);
}

}  // namespace sluice
