#include "tests/lab/flash.h"

#include "tests/lab/balance.h"
#include "tests/lab/drain.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/loop_disk.h"
#include "tests/lab/rig.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace sluice::lab {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kPatience{30};

struct Outcome {
  Balance balance;
  double seconds = 0;  // of the load
  std::uint64_t device_bytes = 0;
  bool complete = false;
};

void look(const Interrupts& interrupts, Rig& rig) {
  interrupts.wait(kLook);
  if (interrupts.count() > 0) {
    throw std::runtime_error("interrupted");
  }
  if (!rig.agent_runs()) {
    throw std::runtime_error("the agent has ended by itself\n" + rig.log_tails());
  }
}

// From the first message until everything has arrived: what the caches hold then is counted, too.
Outcome measure(Rig& rig, const LoopDisk& disk, const FlashOptions& options) {
  const Interrupts interrupts;
  rig.start_receiver();
  rig.start_agent();
  if (!rig.wait_until_subscribed()) {
    throw std::runtime_error("the agent has not subscribed\n" + rig.log_tails());
  }
  const std::uint64_t before = disk.written_bytes();
  const auto start = steady_clock::now();
  Outcome outcome;
  rig.start_load();
  Drain drain(options.load.qos, kPatience);
  Drain::State state = Drain::State::Going;
  while (state == Drain::State::Going) {
    look(interrupts, rig);
    if (rig.load_runs()) {
      outcome.seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
    }
    state = drain.look(balance(rig.load(), rig.received()), rig.load_runs(), steady_clock::now());
  }
  outcome.device_bytes = disk.written_bytes() - before;
  const bool stopped = rig.stop_agent() == 0;
  rig.stop_receiver();
  outcome.balance = balance(rig.load(), rig.received());
  outcome.complete = state == Drain::State::Done && stopped && outcome.balance.missing.empty();
  return outcome;
}

void print(const std::string& spill_after, const Outcome& outcome) {
  const std::uint64_t messages = outcome.balance.arrived();
  const auto per_message = [messages](std::uint64_t bytes) {
    return messages == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(messages);
  };
  fmt::print("{:<14}{:>10}{:>14.0f}{:>14.1f}{:>14.1f}{:>12}{:>8}\n", spill_after, messages,
             outcome.seconds > 0 ? static_cast<double>(messages) / outcome.seconds : 0,
             per_message(outcome.balance.load.payload_bytes), per_message(outcome.device_bytes),
             outcome.balance.received.duplicates, total(outcome.balance.missing));
  static_cast<void>(std::fflush(stdout));
}

}  // namespace

int run_flash_bench(const FlashOptions& options) {
  WorkDirectory directory(options.work_dir);
  bool good = true;
  try {
    const LoopDisk disk(directory.path() + "/loop", options.disk_mebibytes);
    fmt::print("{:<14}{:>10}{:>14}{:>14}{:>14}{:>12}{:>8}\n", "spill_after", "messages",
               "messages/s", "payload B", "device B", "duplicates", "lost");
    for (const std::string& spill_after : options.spill_after) {
      const std::string run = directory.path() + "/" + spill_after;
      Rig rig({.sluice = options.sluice,
               .directory = run,
               .load = options.load,
               .data = disk.path() + "/" + spill_after,
               .spill_after = spill_after,
               .receive_maximum = options.receive_maximum});
      const Outcome outcome = measure(rig, disk, options);
      print(spill_after, outcome);
      good = good && outcome.complete;
    }
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "sluice-lab: {}\n", error.what());
    good = false;
  }
  return good ? 0 : 1;
}

}  // namespace sluice::lab
