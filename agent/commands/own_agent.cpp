#include "commands/own_agent.h"

#include "admin/client.h"
#include "commands/config_options.h"
#include "commands/printing.h"
#include "tools/backend.h"

#include <chrono>
#include <string_view>

namespace sluice {

namespace {

// Of somebody who waits for an answer; a container counts a check that takes longer as failed.
constexpr std::chrono::seconds kShortPatience{5};

}  // namespace

void add_own_agent_options(CLI::App& command, OwnAgent& agent) {
  const ConfigOptions config = add_config_options(command, agent.config);
  command
      .add_option("--data-dir", agent.directory,
                  "Directory of the buffer, instead of a configuration")
      ->type_name("DIR")
      ->excludes(config.config)
      ->excludes(config.environment);
}

bool find_directory(OwnAgent& agent) {
  if (!agent.directory.empty()) {
    return true;
  }
  const LoadedConfig loaded = load_config(agent.config);
  if (!print_problems(loaded)) {
    return false;
  }
  agent.directory = loaded.config.buffer.directory;
  return true;
}

Result<std::string> ask_own_agent(const std::string& directory, const std::string& target) {
  Result<AdminClient> agent = AdminClient::connect(own_socket_of(directory), kShortPatience);
  if (!agent) {
    const Error& why = agent.error();
    return Error{why.reaction, why.reaction == Reaction::Closed
                                   ? "no agent is running in " + directory + " (" + why.message +
                                         "): start it, or name another with -c or --data-dir"
                                   : "cannot ask the agent: " + why.message +
                                         "; run this as the agent's user or root"};
  }
  std::string answer;
  const Status asked = agent->ask(AdminMethod::Get, target, [&answer](std::string_view piece) {
    answer += piece;
    return Status();
  });
  if (!asked) {
    return asked.error();
  }
  return answer;
}

}  // namespace sluice
