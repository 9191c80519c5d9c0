#include "commands/command_line.h"

#include "commands/commands.h"
#include "commands/config_options.h"
#include "commands/tool_commands.h"
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

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(kAbout, "sluice");
  app.set_version_flag("--version", "sluice " + std::string(version()));
  app.require_subcommand(1);
  app.footer("Exit codes: 0 success, 1 failure at run time, 2 wrong usage, 78 bad configuration.");
  ConfigFiles config;
  const CLI::App* run =
      add_command(app, "run", "Collect and forward until SIGTERM or SIGINT", config);
  CLI::App* check = add_command(app, "check", "Check a configuration file and exit", config);
  ReportFormat format = ReportFormat::Text;
  const std::map<std::string, ReportFormat> formats{{"text", ReportFormat::Text},
                                                    {"json", ReportFormat::Json}};
  check->add_option("--format", format, "How problems are reported: text or json")
      ->transform(CLI::Transformer(formats))
      ->type_name("FORMAT");
  bool effective = false;
  check->add_flag("--print-effective", effective,
                  "Print the file as it is in force: defaults as comments, secrets masked");
  const CLI::App* schema =
      app.add_subcommand("schema", "Print a JSON Schema of the configuration file");
  const CLI::App* docs =
      app.add_subcommand("docs", "Print the reference of the configuration file, in Markdown");
  const ToolCommand tool = add_tool_commands(app);
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
    code = check_config(config, format);
    if (effective && code == ExitCode::Success) {
      code = print_effective(config);
    }
  } else if (schema->parsed()) {
    code = print_schema();
  } else if (docs->parsed()) {
    code = print_reference();
  } else if (*tool) {
    code = (*tool)();
  }
  return static_cast<int>(code);
}

}  // namespace sluice
