#include "commands/tool_commands.h"

#include "commands/config_options.h"
#include "commands/printing.h"
#include "config/config.h"
#include "tools/backend.h"
#include "tools/buffer_tools.h"
#include "tools/dead_tools.h"
#include "tools/text.h"

#include <iostream>
#include <string>
#include <utility>

namespace sluice {

namespace {

constexpr const char* kWhere =
    "Asks the running agent through its socket sluice.sock in the data directory, or opens the\n"
    "buffer if no agent is running. Exit codes: 0 success, 1 failure or findings, 2 wrong usage,\n"
    "78 bad configuration.";
constexpr const char* kTimes = "2026-11-21T09:15:02Z, 2026-11-21 (UTC), or an age like 36h or 7d";

// Where the buffer is; filled in by the command line.
struct Where {
  ConfigFiles config;
  std::string directory;
};

using Tool = std::function<Result<bool>(ToolBackend&)>;

Tool always(std::function<Status(ToolBackend&)> tool) {
  return [tool = std::move(tool)](ToolBackend& backend) -> Result<bool> {
    if (const Status done = tool(backend); !done) {
      return done.error();
    }
    return true;
  };
}

ExitCode failed(const Error& error) {
  std::cout.flush();
  std::cerr << "sluice: " << error.message << '\n';
  return ExitCode::Failure;
}

ExitCode use(const SqliteBufferOptions& options, ToolUse how, const Tool& tool) {
  const auto backend = reach_buffer(options, how);
  if (!backend) {
    return failed(backend.error());
  }
  const Result<bool> clean = tool(**backend);
  if (!clean) {
    return failed(clean.error());
  }
  std::cout.flush();
  return *clean && std::cout ? ExitCode::Success : ExitCode::Failure;
}

ExitCode run_tool(const Where& where, ToolUse how, const Tool& tool) {
  if (!where.directory.empty()) {
    SqliteBufferOptions options;
    options.directory = where.directory;
    return use(options, how, tool);
  }
  const LoadedConfig loaded = load_config(where.config);
  if (!print_problems(loaded)) {
    std::cerr << "sluice: name the buffer with --data-dir to do without a configuration\n";
    return ExitCode::BadConfig;
  }
  return use(loaded.config.buffer, how, tool);
}

// Options live as long as the callback that reads them.
template <class Options>
struct Command {
  CLI::App* app;
  std::shared_ptr<Options> options;
};

struct Everything {
  Where where;
  bool json = false;
  bool yes = false;
  std::string sequences;
  ShowOptions show;
  ExportOptions exported;
  PurgeOptions purge;
  DeadChoice dead;
};

class Adder {
 public:
  Adder(CLI::App& parent, ToolCommand chosen) : parent_(parent), chosen_(std::move(chosen)) {}

  // `make` gets the options when they have been parsed, and returns the tool.
  template <class Make>
  Command<Everything> add(const char* name, const char* about, ToolUse how, Make make) {
    auto options = std::make_shared<Everything>();
    CLI::App* command = parent_.add_subcommand(name, about);
    command->footer(kWhere);
    const ConfigOptions config = add_config_options(*command, options->where.config);
    command
        ->add_option("--data-dir", options->where.directory,
                     "Directory of the buffer, instead of a configuration")
        ->type_name("DIR")
        ->excludes(config.config)
        ->excludes(config.environment);
    command->final_callback([options, how, make, chosen = chosen_] {
      *chosen = [options, how, make] { return run_tool(options->where, how, make(*options)); };
    });
    return {command, options};
  }

 private:
  CLI::App& parent_;
  ToolCommand chosen_;
};

// For options whose text means something: what is wrong with it is wrong usage.
std::string check_sequences(const std::string& text) {
  ShowOptions ignored;
  const Status parsed = parse_sequences(text, ignored);
  return parsed ? std::string() : parsed.error().message;
}

std::string check_time(const std::string& text) {
  const Result<Timestamp> time = parse_time(text, SystemClock().now());
  return time ? std::string() : time.error().message;
}

void add_flow(CLI::App* command, std::string& flow) {
  command->add_option("--flow", flow, "Only this flow")->type_name("FLOW");
}

void add_listings(Adder& adder) {
  auto ls = adder.add("ls", "What is held, by flow and sink", ToolUse::Read, [](Everything& all) {
    return always([&](ToolBackend& backend) { return list_buffer(backend, all.json, std::cout); });
  });
  ls.app->add_flag("--json", ls.options->json, "As JSON");

  auto stats =
      adder.add("stats", "Figures of the buffer file, as JSON", ToolUse::Read, [](Everything&) {
        return always([](ToolBackend& backend) { return print_stats(backend, std::cout); });
      });
  stats.app->add_flag("--json", stats.options->json, "JSON is what there is");

  auto verify = adder.add("verify", "Look at every block: checksum, content, order, ledger",
                          ToolUse::Read, [](Everything& all) -> Tool {
                            return [&](ToolBackend& backend) {
                              return verify_buffer(backend, all.json, std::cout);
                            };
                          });
  verify.app->add_flag("--json", verify.options->json, "As JSON, one object a line");
}

void add_readers(Adder& adder) {
  auto show = adder.add(
      "show", "Print records as they are stored, one a line", ToolUse::Read, [](Everything& all) {
        return always([&](ToolBackend& backend) -> Status {
          if (!all.sequences.empty()) {
            if (Status parsed = parse_sequences(all.sequences, all.show); !parsed) {
              return parsed;
            }
          }
          return show_records(backend, all.show, std::cout);
        });
      });
  add_flow(show.app, show.options->show.flow);
  show.app->add_option("--seq", show.options->sequences, "Only these sequences: A-B, A- or A")
      ->type_name("A-B")
      ->check(check_sequences);
  show.app->add_option("--limit", show.options->show.limit, "At most so many")->type_name("N");

  auto exported = adder.add(
      "export", "Write everything to a zstd file of records, one a line", ToolUse::Read,
      [](Everything& all) {
        return always([&](ToolBackend& backend) { return export_records(backend, all.exported); });
      });
  add_flow(exported.app, exported.options->exported.flow);
  CLI::Option* file =
      exported.app->add_option("-o,--output", exported.options->exported.file, "Default: stdout")
          ->type_name("FILE");
  exported.app
      ->add_flag("--resume", exported.options->exported.resume,
                 "Go on behind the last whole block in FILE")
      ->needs(file);
}

void add_purge(Adder& adder) {
  auto purge = adder.add("purge", "Give up records for ever", ToolUse::Change, [](Everything& all) {
    return always(
        [&](ToolBackend& backend) { return purge_buffer(backend, all.purge, std::cout); });
  });
  PurgeOptions& options = purge.options->purge;
  add_flow(purge.app, options.flow);
  purge.app->add_option("--sink", options.sink, "Only this sink gives them up; others keep them")
      ->type_name("SINK");
  purge.app
      ->add_option("--before", options.before,
                   std::string("Only blocks whose last record is older: ") + kTimes)
      ->type_name("TIME")
      ->check(check_time);
  purge.app->add_flag("--yes", options.yes, "Do not ask");
}

void add_choice(CLI::App* command, DeadChoice& choice) {
  add_flow(command, choice.flow);
  command
      ->add_option("--sink", choice.sink,
                   "Only those that this sink refused; -: that none has seen")
      ->type_name("SINK");
  command->add_option("--since", choice.since, std::string("Only later ones: ") + kTimes)
      ->type_name("TIME")
      ->check(check_time);
  command->add_option("--reason", choice.reason, "Only those with this reason")->type_name("WORD");
  command->add_option("--id", choice.id, "Only this one")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber);
}

void add_dead_commands(Adder& adder) {
  auto ls = adder.add("ls", "Dead letters, the oldest first", ToolUse::Read, [](Everything& all) {
    return always(
        [&](ToolBackend& backend) { return list_dead(backend, all.dead, all.json, std::cout); });
  });
  ls.app->add_flag("--json", ls.options->json, "As JSON, one object a line");
  add_choice(ls.app, ls.options->dead);

  auto show =
      adder.add("show", "Print the records of dead letters", ToolUse::Read, [](Everything& all) {
        return always(
            [&](ToolBackend& backend) { return show_dead(backend, all.dead, std::cout); });
      });
  add_choice(show.app, show.options->dead);

  auto retry =
      adder.add("retry", "Have dead letters sent once more", ToolUse::Change, [](Everything& all) {
        return always(
            [&](ToolBackend& backend) { return retry_dead(backend, all.dead, std::cout); });
      });
  add_choice(retry.app, retry.options->dead);

  auto drop =
      adder.add("drop", "Give up dead letters for ever", ToolUse::Change, [](Everything& all) {
        return always(
            [&](ToolBackend& backend) { return drop_dead(backend, all.dead, all.yes, std::cout); });
      });
  add_choice(drop.app, drop.options->dead);
  drop.app->add_flag("--yes", drop.options->yes, "Do not ask");
}

}  // namespace

ToolCommand add_tool_commands(CLI::App& app) {
  auto chosen = std::make_shared<std::function<ExitCode()>>();
  CLI::App* buffer = app.add_subcommand("buffer", "Look into the buffer, or give up what is in it");
  buffer->require_subcommand(1);
  Adder buffer_adder(*buffer, chosen);
  add_listings(buffer_adder);
  add_readers(buffer_adder);
  add_purge(buffer_adder);
  CLI::App* dead = app.add_subcommand("dead", "Records that a sink will never take");
  dead->require_subcommand(1);
  Adder dead_adder(*dead, chosen);
  add_dead_commands(dead_adder);
  return chosen;
}

}  // namespace sluice
