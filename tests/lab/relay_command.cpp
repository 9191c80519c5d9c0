#include "net/url.h"
#include "tests/lab/commands.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/relay.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>

namespace sluice::lab {

namespace {

struct RelayFlags {
  std::uint16_t listen = 0;
  std::string to;
  std::optional<double> cut_every;
  std::int64_t delay_ms = 0;
  std::size_t rate = 0;
  bool stall = false;
};

RelayOptions options_of(const RelayFlags& flags) {
  // A URL has the same rules for host, port and brackets.
  const Result<Url> server = parse_url("mqtt://" + flags.to);
  if (!server || flags.to.find(':') == std::string::npos) {
    throw CLI::ValidationError("--to", "is HOST:PORT, not " + flags.to);
  }
  return {.listen = flags.listen,
          .host = server->host,
          .port = static_cast<std::uint16_t>(std::stoul(server->port))};
}

int run(const RelayFlags& flags) {
  const Interrupts interrupts;
  Relay relay(options_of(flags));
  relay.delay(std::chrono::milliseconds(flags.delay_ms));
  for (const Direction direction : {Direction::Forward, Direction::Back}) {
    relay.throttle(direction, flags.rate);
    if (flags.stall) {
      relay.pause(direction);
    }
  }
  fmt::print("listening on 127.0.0.1:{}, passing on to {}\n", relay.port(), flags.to);
  static_cast<void>(std::fflush(stdout));  // a terminal that is gone is no reason to stop
  const std::chrono::milliseconds period(flags.cut_every ? static_cast<int>(*flags.cut_every * 1000)
                                                         : 1000);
  while (interrupts.count() == 0) {
    interrupts.wait(period);
    if (flags.cut_every && interrupts.count() == 0) {
      relay.cut();
    }
  }
  fmt::print("connections {}  forward {} bytes  back {} bytes\n", relay.connections(),
             relay.bytes(Direction::Forward), relay.bytes(Direction::Back));
  return 0;
}

}  // namespace

void add_relay(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RelayFlags>();
  CLI::App* command = app.add_subcommand("relay", "A bad network between two TCP peers");
  command->add_option("--listen", flags->listen, "Port on 127.0.0.1; 0: any that is free")
      ->capture_default_str();
  command->add_option("--to", flags->to, "HOST:PORT of the server")->required();
  command->add_option("--cut-every", flags->cut_every, "Seconds between resets of all connections")
      ->check(CLI::PositiveNumber);
  command->add_option("--delay", flags->delay_ms, "Milliseconds each way")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--rate", flags->rate, "Bytes a second each way; 0: no limit")
      ->capture_default_str();
  command->add_flag("--stall", flags->stall, "Accept connections and pass nothing on");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace sluice::lab
