#include "tests/lab/commands.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/load_flags.h"
#include "tests/lab/report.h"
#include "tests/lab/simulator.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

namespace sluice::lab {

namespace {

using std::chrono::steady_clock;

struct SimulateFlags {
  SimulatorOptions options;
  std::optional<double> seconds;
  std::string report;
  double report_every = 1;
};

constexpr std::chrono::milliseconds kLook{20};
// So long without an acknowledgement, and the broker is taken for gone.
constexpr std::chrono::seconds kPatience{30};

std::chrono::nanoseconds duration(double seconds) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(seconds));
}

class Run {
 public:
  explicit Run(const SimulateFlags& flags) : flags_(flags), simulator_(flags.options) {}

  int go() {
    connect();
    if (interrupts_.count() == 0) {
      simulator_.start();
    }
    publish();
    simulator_.stop_load();
    settle();
    report(true);
    const bool settled = simulator_.settled();
    if (!settled) {
      fmt::print(stderr, "not everything has been acknowledged: {}\n", simulator_.last_problem());
    }
    return settled ? 0 : 1;
  }

 private:
  void connect() {
    std::string shown;
    while (interrupts_.count() == 0 && !simulator_.connected()) {
      interrupts_.wait(kLook);
      const std::string problem = simulator_.last_problem();
      if (problem != shown) {
        fmt::print(stderr, "{}, trying again\n", problem);
        shown = problem;
      }
    }
  }

  void publish() {
    std::optional<steady_clock::time_point> end;
    if (flags_.seconds) {
      end = steady_clock::now() + duration(*flags_.seconds);
    }
    while (interrupts_.count() == 0 && simulator_.loading() &&
           (!end || steady_clock::now() < *end)) {
      pause();
    }
  }

  // Until all is acknowledged, nothing moves any more, or somebody is impatient.
  void settle() {
    const int interrupts = interrupts_.count();
    std::uint64_t acked = simulator_.counts().acked;
    auto moved = steady_clock::now();
    while (interrupts_.count() <= interrupts && !simulator_.settled() &&
           steady_clock::now() < moved + kPatience) {
      pause();
      const std::uint64_t now = simulator_.counts().acked;
      if (now != acked) {
        acked = now;
        moved = steady_clock::now();
      }
    }
  }

  void pause() {
    interrupts_.wait(kLook);
    if (steady_clock::now() >= next_report_) {
      report(false);
    }
  }

  void report(bool finished) {
    next_report_ = steady_clock::now() + duration(flags_.report_every);
    const LoadReport now{
        .counts = simulator_.counts(), .finished = finished, .acked = simulator_.acked()};
    fmt::print("published {}  acked {}  redelivered {}  refused {}  reconnects {}\n",
               now.counts.published, now.counts.acked, now.counts.redelivered, now.counts.refused,
               now.counts.reconnects);
    static_cast<void>(std::fflush(stdout));  // a terminal that is gone is no reason to stop
    if (flags_.report.empty()) {
      return;
    }
    if (Status written = write_file(flags_.report, to_json(now)); !written) {
      fmt::print(stderr, "{}\n", written.error().message);
    }
  }

  const SimulateFlags& flags_;
  Interrupts interrupts_;
  Simulator simulator_;
  steady_clock::time_point next_report_;
};

}  // namespace

void add_simulate(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<SimulateFlags>();
  flags->options.rate = 1000;
  CLI::App* command = app.add_subcommand(
      "simulate", "Many devices that publish, until --count, --seconds or Ctrl-C");
  command->add_option("--url", flags->options.url, "Broker")->capture_default_str();
  command->add_option("--username", flags->options.username, "Instead of the one in the URL");
  command->add_option("--password", flags->options.password, "Instead of the one in the URL");
  command->add_option("--client-id", flags->options.client_id,
                      "Each connection appends its number");
  command->add_option("--topic", flags->options.topic, "Pattern of the topics")
      ->capture_default_str();
  add_load_flags(*command, flags->options);
  command->add_option("--count", flags->options.count, "Messages to publish; 0: no limit")
      ->capture_default_str();
  command->add_option("--seconds", flags->seconds, "How long to publish")
      ->check(CLI::PositiveNumber);
  command->add_option("--report", flags->report, "Write what is acknowledged to this JSON file");
  command->add_option("--report-every", flags->report_every, "Seconds between two reports")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([flags, &exit_code] { exit_code = Run(*flags).go(); });
}

}  // namespace sluice::lab
