#include "tests/lab/bench.h"

#include "tests/lab/balance.h"
#include "tests/lab/drain.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/rig.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <stdexcept>
#include <utility>

namespace sluice::lab {

namespace {

using std::chrono::steady_clock;
using testing_support::Usage;

constexpr std::chrono::milliseconds kLook{100};
constexpr std::chrono::seconds kPatience{30};
// An agent that has written nothing for so long has stored what there is.
constexpr std::chrono::seconds kQuiet{3};

// The agent at one moment. Threads of one name are added up.
struct Sample {
  steady_clock::time_point at;
  Usage usage;
  std::map<std::string, double> threads;
  std::uint64_t data = 0;
};

Sample sample(Rig& rig) {
  Sample now{.at = steady_clock::now(),
             .usage = rig.agent_usage(),
             .threads = {},
             .data = rig.data_size()};
  for (const auto& [name, seconds] : testing_support::threads_of(rig.agent_pid())) {
    now.threads[name] += seconds;
  }
  return now;
}

double elapsed(const Sample& from, const Sample& to) {
  return std::chrono::duration<double>(to.at - from.at).count();
}

double per(std::uint64_t amount, std::uint64_t messages) {
  return messages == 0 ? 0 : static_cast<double>(amount) / static_cast<double>(messages);
}

void row(const std::string& name, const std::string& value) {
  fmt::print("{:<34}{}\n", name, value);
}

void print_cost(const std::string& title, const Sample& from, const Sample& to, double seconds,
                std::uint64_t messages) {
  row(title,
      microseconds_per(to.usage.cpu_seconds - from.usage.cpu_seconds, messages) + " us a message");
  std::multimap<double, std::string, std::greater<>> threads;
  for (const auto& [name, cpu_seconds] : to.threads) {
    const auto before = from.threads.find(name);
    threads.emplace(cpu_seconds - (before == from.threads.end() ? 0 : before->second), name);
  }
  for (const auto& [cpu_seconds, name] : threads) {
    row("  thread " + name, microseconds_per(cpu_seconds, messages));
  }
  row("  in", fmt::format("{:.2f} s, {:.0f} messages/s", seconds,
                          seconds > 0 ? static_cast<double>(messages) / seconds : 0));
}

class Bench {
 public:
  Bench(const BenchOptions& options, Rig& rig) : options_(options), rig_(rig) {}

  bool run() {
    rig_.start_receiver(options_.hold ? std::vector<std::string>{"--answer", "503"}
                                      : std::vector<std::string>{});
    rig_.start_agent();
    if (!rig_.wait_until_subscribed()) {
      throw std::runtime_error("the agent has not subscribed\n" + rig_.log_tails());
    }
    begin_ = sample(rig_);
    rig_.start_load();
    if (options_.hold) {
      const auto stored = wait_until_stored();
      held_ = sample(rig_);
      const double quiet = std::chrono::duration<double>(held_.at - stored).count();
      held_seconds_ = elapsed(begin_, held_) - quiet;
      rig_.stop_receiver();
      rig_.start_receiver();
    }
    const bool arrived = drain();
    end_ = sample(rig_);
    const std::optional<int> exit_code = rig_.stop_agent();
    rig_.stop_receiver();  // writes its last report
    const Balance end = balance(rig_.load(), rig_.received());
    print(end);
    return arrived && exit_code == 0 && end.missing.empty();
  }

 private:
  void look() {
    interrupts_.wait(kLook);
    if (interrupts_.count() > 0) {
      throw std::runtime_error("interrupted");
    }
    if (!rig_.agent_runs()) {
      throw std::runtime_error("the agent has ended by itself");
    }
    peak_data_ = std::max(peak_data_, rig_.data_size());
  }

  // Returns when it was.
  steady_clock::time_point wait_until_stored() {
    while (rig_.load_runs()) {
      look();
    }
    std::uint64_t written = 0;
    auto quiet_since = steady_clock::now();
    while (steady_clock::now() - quiet_since < kQuiet) {
      look();
      const std::uint64_t now = rig_.agent_usage().written_bytes + rig_.data_size();
      if (now != written) {
        written = now;
        quiet_since = steady_clock::now();
      }
    }
    return quiet_since;
  }

  bool drain() {
    Drain drain(options_.load.qos, kPatience);
    Drain::State state = Drain::State::Going;
    while (state == Drain::State::Going) {
      look();
      state =
          drain.look(balance(rig_.load(), rig_.received()), rig_.load_runs(), steady_clock::now());
    }
    return state == Drain::State::Done;
  }

  void print(const Balance& end) const {
    const std::uint64_t messages = end.arrived();
    row("messages",
        fmt::format("{} published, {} acknowledged, {:.1f} bytes each", end.load.published,
                    end.load.acked, per(end.load.payload_bytes, end.load.published)));
    if (options_.hold) {
      print_cost("CPU while nothing is taken", begin_, held_, held_seconds_, messages);
      row("stored", fmt::format("{:.1f} bytes a message", per(growth(held_.data), messages)));
      print_cost("CPU while draining", held_, end_, elapsed(held_, end_), messages);
    } else {
      print_cost("CPU", begin_, end_, elapsed(begin_, end_), messages);
    }
    row("peak RSS", mebibytes(rig_.agent_usage().peak_rss_bytes));
    row("written to storage",
        fmt::format("{:.1f} bytes a message",
                    per(end_.usage.written_bytes - begin_.usage.written_bytes, messages)));
    row("data directory, before", mebibytes(begin_.data));
    row("data directory, peak", mebibytes(peak_data_));
    row("data directory, end", mebibytes(end_.data));
    row("on the wire",
        fmt::format("{:.1f} bytes a message in {} requests",
                    per(end.received.bytes, end.received.records), end.received.requests));
    row("duplicates", std::to_string(end.received.duplicates));
    const std::uint64_t lost = options_.load.qos == 0
                                   ? end.load.published - std::min(end.load.published, messages)
                                   : total(end.missing);
    constexpr std::size_t kShown = 5;
    row("lost",
        std::to_string(lost) + (end.missing.empty() ? "" : ": " + first_of(end.missing, kShown)));
  }

  [[nodiscard]] std::uint64_t growth(std::uint64_t data) const {
    return data - std::min(data, begin_.data);
  }

  const BenchOptions& options_;
  Rig& rig_;
  Interrupts interrupts_;
  Sample begin_;
  Sample held_;
  double held_seconds_ = 0;  // from the first message to the last write of it
  Sample end_;
  std::uint64_t peak_data_ = 0;
};

}  // namespace

int run_ingest_bench(const BenchOptions& options) {
  WorkDirectory directory(options.work_dir);
  Rig rig({.sluice = options.sluice, .directory = directory.path(), .load = options.load});
  Bench bench(options, rig);
  bool good = false;
  try {
    good = bench.run();
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "sluice-lab: {}\n", error.what());
  }
  if (!good) {
    directory.keep();
    static_cast<void>(std::fflush(stdout));  // in this order, even into one file
    fmt::print(stderr, "{}Logs and data are kept in {}\n", rig.log_tails(), directory.path());
  }
  return good ? 0 : 1;
}

}  // namespace sluice::lab
