#include "commands/init.h"

#include "commands/connect_check.h"
#include "commands/init_draft.h"
#include "commands/new_file.h"
#include "commands/printing.h"
#include "commands/questions.h"
#include "core/join.h"
#include "tools/terminal.h"

#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <optional>
#include <utility>

namespace sluice {

namespace {

constexpr const char* kUsualBroker = "mqtt://localhost:1883";
constexpr const char* kUsualTopic = "#";

ExitCode failed(const std::string& why, ExitCode code = ExitCode::Failure) {
  std::cerr << "sluice init: " << why << '\n';
  return code;
}

// The flags that are needed where nobody can be asked; empty: they are all there.
std::string missing_flags(const InitOptions& options) {
  std::vector<std::string> missing;
  if (options.broker.empty()) {
    missing.emplace_back("--broker URL");
  }
  if (options.topics.empty()) {
    missing.emplace_back("--topic FILTER");
  }
  if (options.endpoint.empty()) {
    missing.emplace_back("--endpoint URL");
  }
  return joined(missing);
}

// One line for every flag whose value cannot be used.
std::string wrong_flags(const InitOptions& options) {
  std::vector<std::string> wrong;
  const auto look = [&wrong](const char* flag, const std::string& typed, const Objection& problem) {
    const std::string objection = typed.empty() ? "" : problem(typed);
    if (!objection.empty()) {
      wrong.push_back(std::string(flag) + ": " + objection);
    }
  };
  look("--broker", options.broker, problem_with_broker);
  for (const std::string& topic : options.topics) {
    look("--topic", topic, problem_with_topics);
  }
  look("--endpoint", options.endpoint, problem_with_endpoint);
  return joined(wrong);
}

// Asks for the password of a user that was named without one. False: the input has ended.
bool complete(InitPlace& place, const char* where) {
  if (place.user.empty() || !place.password.empty()) {
    return true;
  }
  auto password =
      ask_secretly("Password of " + place.user + " at the " + where + " (not shown; empty: none)");
  place.password = password.value_or("");
  return password.has_value();
}

// Nothing: the input has ended.
std::optional<InitDraft> draft_from_user(const InitOptions& options) {
  const auto told = [](const std::string& flag, const char* question, const char* preset,
                       const Objection& objection) {
    return flag.empty() ? ask(question, preset, objection) : flag;
  };
  InitDraft draft;
  const auto broker = told(options.broker, "Broker, as a URL", kUsualBroker, problem_with_broker);
  if (!broker) {
    return std::nullopt;
  }
  draft.broker = init_place(*broker);
  if (!complete(draft.broker, "broker")) {
    return std::nullopt;
  }
  const auto topics =
      told(joined(options.topics), "Topics, separated by commas", kUsualTopic, problem_with_topics);
  if (!topics) {
    return std::nullopt;
  }
  draft.topics = init_topics(*topics);
  const auto endpoint = told(options.endpoint, "Where records go, as an http or https URL", "",
                             problem_with_endpoint);
  if (!endpoint) {
    return std::nullopt;
  }
  draft.endpoint = init_place(*endpoint);
  if (!complete(draft.endpoint, "endpoint")) {
    return std::nullopt;
  }
  return draft;
}

InitDraft draft_from_flags(const InitOptions& options) {
  return {.broker = init_place(options.broker),
          .topics = init_topics(joined(options.topics)),
          .endpoint = init_place(options.endpoint)};
}

bool connections_work(const Config& config, const InitOptions& options) {
  return try_connections(config, options.timeout, [](const ConnectFinding& finding) {
    std::cout << to_text(finding) << std::endl;
  });
}

struct InitFile {
  std::string path;
  std::string text;
};

// New ones: all of them, or none.
Status write_files(const std::vector<InitFile>& files, IfThere if_there) {
  std::vector<std::string> written;
  for (const InitFile& file : files) {
    if (Status done = write_new_file(file.path, file.text, if_there); !done) {
      // What has been replaced cannot be brought back; what is new goes.
      if (if_there == IfThere::Refuse) {
        for (const std::string& path : written) {
          ::unlink(path.c_str());
        }
      }
      return done;
    }
    written.push_back(file.path);
  }
  return {};
}

ExitCode write(const InitDraft& draft, const InitOptions& options) {
  std::vector<InitFile> files;
  for (const auto& [place, name] :
       {std::pair(&draft.broker, kInitSource), std::pair(&draft.endpoint, kInitSink)}) {
    if (!place->password.empty()) {
      files.push_back({password_file(options.output, name), place->password + '\n'});
    }
  }
  const std::size_t passwords = files.size();
  files.push_back({options.output, init_text(draft, options.output)});
  if (Status written = write_files(files, options.force ? IfThere::Replace : IfThere::Refuse);
      !written) {
    return failed(written.error().message);
  }
  const LoadedConfig loaded = load_config(options.output);
  if (!print_problems(loaded)) {
    return failed(options.output + " was written, but is not good yet");
  }
  std::cout << "wrote " << options.output << '\n';
  for (std::size_t i = 0; i < passwords; ++i) {
    std::cout << "wrote " << files[i].path
              << ": a password; only the user that the agent runs as should be able to read it\n";
  }
  std::cout << "next: sluice run -c " << options.output << std::endl;
  return std::cout ? ExitCode::Success : ExitCode::Failure;
}

}  // namespace

ExitCode init_config(const InitOptions& options) {
  std::error_code unknown;  // then writing will say what is wrong
  if (!options.force && std::filesystem::exists(options.output, unknown)) {
    return failed(options.output +
                  " is there already; name another file with --output, or replace "
                  "it with --force");
  }
  if (const std::string wrong = wrong_flags(options); !wrong.empty()) {
    return failed(wrong, ExitCode::Usage);
  }
  const bool asks = !options.yes && can_ask();
  const std::string missing = missing_flags(options);
  if (!asks && !missing.empty()) {
    return failed("there is nobody to ask, so these are needed: " + missing, ExitCode::Usage);
  }
  const auto draft = asks ? draft_from_user(options) : draft_from_flags(options);
  if (!draft) {
    return failed("the input ended before everything was answered; nothing was written");
  }
  const auto config = init_config_of(*draft, options.output);
  if (!config) {
    return failed(config.error().message, ExitCode::Usage);
  }
  if (options.connect && !connections_work(*config, options) && !options.yes &&
      !(asks && confirmed_by_user("Not everything works. Write the file all the same?"))) {
    return failed("nothing was written; --no-connect writes the file without trying anything");
  }
  return write(*draft, options);
}

}  // namespace sluice
