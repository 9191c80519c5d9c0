#include "commands/tap_command.h"

#include "admin/client.h"
#include "admin/target.h"
#include "commands/config_options.h"
#include "commands/printing.h"
#include "config/config.h"
#include "tools/backend.h"
#include "tools/text.h"

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

namespace {

constexpr const char* kFooter =
    "Shows a sample, so that the flow is never slowed down; Ctrl-C ends it. Exit codes: 0 "
    "success,\n"
    "1 failure, 2 wrong usage, 78 bad configuration.";

struct TapOptions {
  ConfigFiles config;
  std::string directory;
  std::string flow;
  std::string topic;
  std::uint64_t rate = 10;
  std::optional<std::uint64_t> count;
  bool json = false;
};

// A record on one line: when, topic, content. As it is if it does not look like that.
class RecordText {
 public:
  std::string of(std::string_view line) {
    simdjson::dom::element record;
    std::int64_t time = 0;
    std::string_view topic;
    if (parser_.parse(line.data(), line.size()).get(record) != simdjson::SUCCESS ||
        record["ts"].get(time) != simdjson::SUCCESS ||
        record["topic"].get(topic) != simdjson::SUCCESS) {
      return printable(line);
    }
    return time_text(Timestamp(std::chrono::milliseconds(time))) + ' ' + printable(topic) + ' ' +
           printable(content_of(record, line));
  }

 private:
  static std::string content_of(const simdjson::dom::element& record, std::string_view line) {
    simdjson::dom::element data;
    return record["data"].get(data) == simdjson::SUCCESS ? simdjson::minify(data)
                                                         : std::string(line);
  }

  simdjson::dom::parser parser_;
};

// Pieces of text become whole lines; empty ones are only signs of life.
class LinePrinter {
 public:
  explicit LinePrinter(bool json) : json_(json) {}

  Status take(std::string_view piece) {
    waiting_ += piece;
    std::size_t begin = 0;
    for (std::size_t end = waiting_.find('\n'); end != std::string::npos;
         end = waiting_.find('\n', begin)) {
      if (end > begin) {
        print_line(std::string_view(waiting_).substr(begin, end - begin));
      }
      begin = end + 1;
    }
    waiting_.erase(0, begin);
    std::cout.flush();
    return std::cout ? Status() : Error{Reaction::Closed, "cannot write the output"};
  }

 private:
  void print_line(std::string_view line) {
    if (json_) {
      std::cout << line << '\n';
    } else {
      std::cout << text_.of(line) << '\n';
    }
  }

  bool json_;
  std::string waiting_;
  RecordText text_;
};

std::string target_of(const TapOptions& options) {
  std::string target =
      "/tap?flow=" + percent_encoded(options.flow) + "&rate=" + std::to_string(options.rate);
  if (options.count) {
    target += "&count=" + std::to_string(*options.count);
  }
  if (!options.topic.empty()) {
    target += "&topic=" + percent_encoded(options.topic);
  }
  return target;
}

ExitCode failed(const std::string& why) {
  std::cerr << "sluice tap: " << why << '\n';
  return ExitCode::Failure;
}

ExitCode tap(const TapOptions& options) {
  std::string directory = options.directory;
  if (directory.empty()) {
    const LoadedConfig loaded = load_config(options.config);
    if (!print_problems(loaded)) {
      return ExitCode::BadConfig;
    }
    directory = loaded.config.buffer.directory;
  }
  Result<AdminClient> agent = AdminClient::connect(own_socket_of(directory));
  if (!agent) {
    return failed(agent.error().message);
  }
  LinePrinter printer(options.json);
  const Status asked =
      agent->ask(AdminMethod::Get, target_of(options),
                 [&printer](std::string_view piece) { return printer.take(piece); });
  return asked ? ExitCode::Success : failed(asked.error().message);
}

}  // namespace

ToolCommand add_tap_command(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  auto options = std::make_shared<TapOptions>();
  CLI::App* command = app.add_subcommand("tap", "Show records as they leave a flow");
  command->footer(kFooter);
  command->add_option("flow", options->flow, "Name of the flow")->required()->type_name("FLOW");
  const ConfigOptions config = add_config_options(*command, options->config);
  command
      ->add_option("--data-dir", options->directory,
                   "Directory of the buffer, instead of a configuration")
      ->type_name("DIR")
      ->excludes(config.config)
      ->excludes(config.environment);
  command->add_option("--rate", options->rate, "At most so many records a second")
      ->type_name("N")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--count", options->count, "End after so many records")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  command->add_option("--topic", options->topic, "Only topics that match this filter")
      ->type_name("FILTER");
  command->add_flag("--json", options->json, "As they are stored, one JSON object a line");
  command->final_callback([chosen, options] { *chosen = [options] { return tap(*options); }; });
  return chosen;
}

}  // namespace sluice
