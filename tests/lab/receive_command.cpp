#include "tests/lab/commands.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/misbehaviour.h"
#include "tests/lab/receiver.h"
#include "tests/lab/receiver_account.h"
#include "tests/lab/report.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <utility>

namespace sluice::lab {

namespace {

struct ReceiveFlags {
  ReceiverOptions options;
  Misbehaviour misbehaviour;
  std::int64_t delay_ms = 0;
  std::string report;
  std::string state;
  double report_every = 1;
};

ReceiverReport load_state(const std::string& path) {
  if (path.empty() || !std::filesystem::exists(path)) {
    return {};
  }
  const Result<std::string> text = read_file(path);
  if (!text) {
    throw std::runtime_error(text.error().message);
  }
  Result<ReceiverReport> report = parse_receiver_report(*text);
  if (!report) {
    throw std::runtime_error(path + ": " + report.error().message);
  }
  return *std::move(report);
}

// True if there was nothing to write, or it has been written.
bool save(const std::string& path, const ReceiverReport& report) {
  if (path.empty()) {
    return true;
  }
  const Status written = write_file(path, to_json(report));
  if (!written) {
    fmt::print(stderr, "{}\n", written.error().message);
  }
  return bool(written);
}

void show(const ReceiverCounts& counts) {
  fmt::print(
      "requests {}  refused {}  records {}  distinct {}  duplicates {}  gaps {}  malformed {}\n",
      counts.requests, counts.refused, counts.records, counts.distinct, counts.duplicates,
      counts.gaps, counts.malformed);
  static_cast<void>(std::fflush(stdout));  // a terminal that is gone is no reason to stop
}

int receive(const ReceiveFlags& flags) {
  const Interrupts interrupts;
  ReceiverReport before = load_state(flags.state);
  Receiver receiver(flags.options);
  receiver.follow(script_of(flags.misbehaviour));
  fmt::print("listening on {}://127.0.0.1:{}/\n", flags.options.cert.empty() ? "http" : "https",
             receiver.port());
  static_cast<void>(std::fflush(stdout));  // a terminal that is gone is no reason to stop
  ReceiverAccount account(receiver, std::move(before));
  std::uint64_t shown = 0;
  while (interrupts.count() == 0) {
    const ReceiverReport& now = account.update();
    const std::uint64_t requests = now.counts.requests + now.counts.refused;
    if (std::exchange(shown, requests) != requests) {
      show(now.counts);
    }
    save(flags.report, now);
    interrupts.wait(std::chrono::milliseconds(static_cast<int>(flags.report_every * 1000)));
  }
  receiver.stop();
  const ReceiverReport& all = account.update();
  show(all.counts);
  // Whatever has been answered 2xx must be in the state: the next receiver goes on from there.
  const bool state_saved = save(flags.state, all);
  return save(flags.report, all) && state_saved ? 0 : 1;
}

void add_misbehaviour(CLI::App& command, ReceiveFlags& flags) {
  Misbehaviour& bad = flags.misbehaviour;
  CLI::Option* answer =
      command.add_option("--answer", bad.answer, "Answer with this status, e.g. 503, 429, 400")
          ->check(CLI::Range(200, 599));
  command.add_option("--retry-after", bad.retry_after, "Seconds, as header of that answer")
      ->needs(answer);
  command.add_flag("--hang", bad.hang, "Never answer")->excludes(answer);
  command.add_flag("--close", bad.close, "Close the connection instead of answering")
      ->excludes(answer);
  command.add_option("--every", bad.every, "Misbehave at every k-th request only")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_option("--for", bad.seconds, "Misbehave for so many seconds only")
      ->check(CLI::PositiveNumber);
  command.add_option("--delay", flags.delay_ms, "Milliseconds before every answer")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

}  // namespace

void add_receive(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<ReceiveFlags>();
  CLI::App* command =
      app.add_subcommand("receive", "An HTTP endpoint that checks and counts what it is sent");
  command->add_option("--port", flags->options.port, "On 127.0.0.1; 0: any that is free")
      ->capture_default_str();
  command->add_option("--ndjson", flags->options.ndjson, "Append accepted lines to this file");
  CLI::Option* cert = command->add_option("--cert", flags->options.cert, "PEM file: speak HTTPS")
                          ->check(CLI::ExistingFile);
  CLI::Option* key = command->add_option("--key", flags->options.key, "PEM file of its key")
                         ->check(CLI::ExistingFile);
  cert->needs(key);
  key->needs(cert);
  command
      ->add_option("--client-ca", flags->options.client_ca,
                   "PEM file: demand a client certificate of this issuer")
      ->check(CLI::ExistingFile)
      ->needs(cert);
  command->add_option("--report", flags->report, "Write what has arrived to this JSON file");
  command->add_option("--report-every", flags->report_every, "Seconds between two reports")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--state", flags->state,
                      "Go on from this file, and save to it when stopped with SIGTERM or Ctrl-C");
  add_misbehaviour(*command, *flags);
  command->callback([flags, &exit_code] {
    flags->misbehaviour.delay = std::chrono::milliseconds(flags->delay_ms);
    exit_code = receive(*flags);
  });
}

}  // namespace sluice::lab
