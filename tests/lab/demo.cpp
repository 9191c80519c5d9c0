#include "tests/lab/demo.h"

#include "tests/lab/balance.h"
#include "tests/lab/chaos.h"
#include "tests/lab/drain.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/rig.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <stdexcept>

namespace sluice::lab {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLook{50};
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::seconds kPatienceQos0{5};

// One line that is rewritten in place on a terminal, and one after the other elsewhere.
class LiveLine {
 public:
  ~LiveLine() { leave(); }
  LiveLine() = default;
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  void show(const std::string& text) {
    if (terminal_) {
      // A line that is broken in two could not be rewritten.
      fmt::print("\r{}\x1b[K", text.substr(0, width()));
    } else {
      fmt::print("{}\n", text);
    }
    static_cast<void>(std::fflush(stdout));  // a terminal that is gone is no reason to stop
    pending_ = terminal_;
  }
  void leave() {
    if (pending_) {
      fmt::print("\n");
      pending_ = false;
    }
  }

 private:
  static std::size_t width() {
    winsize size{};
    const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return known ? size.ws_col - 1UL : 79;
  }

  bool terminal_ = isatty(STDOUT_FILENO) == 1;
  bool pending_ = false;
};

class Demo {
 public:
  Demo(const DemoOptions& options, Rig& rig) : options_(options), rig_(rig) {}

  enum class Outcome { Good, Bad, Aborted };

  Outcome run() {
    prepare();
    load();
    const bool arrived = drain();
    line_.leave();
    const bool aborted = interrupts_.count() > 1;
    if (aborted) {
      rig_.kill_agent();
    }
    const std::optional<int> exit_code = rig_.stop_agent();
    rig_.stop_receiver();  // writes its last report
    const Balance end = balance(rig_.load(), rig_.received());
    print_sums(end);
    if (aborted) {
      fmt::print("Stopped before everything could arrive.\n");
      return Outcome::Aborted;
    }
    if (exit_code != 0) {
      fmt::print("The agent did not stop as it should ({}).\n",
                 exit_code ? fmt::format("exit code {}", *exit_code) : "killed after 30 s");
    }
    const bool kept = end.missing.empty();
    fmt::print("{}\n", verdict(kept));
    return arrived && kept && exit_code == 0 ? Outcome::Good : Outcome::Bad;
  }

 private:
  void prepare() {
    rig_.start_receiver();
    rig_.start_agent();
    if (!rig_.wait_until_subscribed()) {
      throw std::runtime_error("the agent has not subscribed\n" + rig_.log_tails());
    }
    rig_.start_load();
    started_ = steady_clock::now();
    if (options_.chaos) {
      chaos_seed_ = options_.chaos_seed != 0 ? options_.chaos_seed : std::random_device()();
      fmt::print("chaos seed {}\n", chaos_seed_);
    }
  }

  void load() {
    Chaos chaos(rig_, chaos_seed_, started_);
    const auto end = started_ + std::chrono::duration_cast<steady_clock::duration>(
                                    std::chrono::duration<double>(options_.seconds.value_or(0)));
    while (interrupts_.count() == 0 && (!options_.seconds || steady_clock::now() < end)) {
      interrupts_.wait(kLook);
      if (options_.chaos) {
        chaos.act(steady_clock::now());
        kills_ = chaos.kills();
        receiver_stops_ = chaos.receiver_stops();
      } else {
        check_agent();
      }
      if (!rig_.load_runs()) {
        line_.leave();
        throw std::runtime_error("the load has ended by itself");
      }
      show("");
    }
    chaos.end();
    rig_.end_load();
  }

  // False if not everything arrives.
  bool drain() {
    Drain drain(options_.load.qos, options_.load.qos == 0 ? kPatienceQos0 : kPatience);
    while (interrupts_.count() < 2) {
      interrupts_.wait(kLook);
      check_agent();
      show("  waiting for the rest");
      switch (drain.look(balance(rig_.load(), rig_.received()), rig_.load_runs(),
                         steady_clock::now())) {
        case Drain::State::Going:
          break;
        case Drain::State::Done:
          return true;
        case Drain::State::Stuck:
          line_.leave();
          fmt::print("Nothing has moved for {} s.\n", kPatience.count());
          return false;
      }
    }
    return false;
  }

  void check_agent() {
    if (!rig_.agent_runs()) {
      line_.leave();
      throw std::runtime_error("the agent has ended by itself");
    }
  }

  void show(const std::string& what) {
    const auto now = steady_clock::now();
    if (now < next_line_) {
      return;
    }
    const auto running = std::chrono::floor<std::chrono::seconds>(now - started_);
    next_line_ = started_ + running + std::chrono::seconds(1);
    const LoadReport load = rig_.load();  // first: what arrives later cannot be missing yet
    const Balance current = balance(load, rig_.received());
    const testing_support::Usage usage = rig_.agent_usage();
    const std::uint64_t arrived = current.arrived();
    line_.show(
        fmt::format("{:4.0f} s  published {}  PUBACKed {}  upstream {}  held {}  dup {}  gaps {}  "
                    "{} us/msg ({})  RSS {}{}{}",
                    std::chrono::duration<double>(now - started_).count(), current.load.published,
                    current.load.acked, current.received.distinct, total(current.missing),
                    current.received.duplicates, current.received.gaps,
                    microseconds_per(usage.cpu_seconds - cpu_shown_,
                                     arrived - std::min(arrived, arrived_shown_)),
                    microseconds_per(usage.cpu_seconds, arrived), mebibytes(usage.rss_bytes),
                    kills_ > 0 ? fmt::format("  kills {}", kills_) : "", what));
    cpu_shown_ = usage.cpu_seconds;
    arrived_shown_ = arrived;
  }

  void print_sums(const Balance& end) const {
    const testing_support::Usage usage = rig_.agent_usage();
    fmt::print("\npublished            {}\n", end.load.published);
    fmt::print("PUBACKed             {}\n", end.load.acked);
    if (end.numbered != end.load.acked) {
      fmt::print("of these numbered    {}\n", end.numbered);
    }
    fmt::print("received, distinct   {}\n", end.received.distinct);
    fmt::print("duplicates           {}\n", end.received.duplicates);
    fmt::print("malformed requests   {}{}\n", end.received.malformed,
               end.received.malformed > 0 ? " (" + end.received.last_problem + ")" : "");
    fmt::print("lost                 {}\n", lost(end));
    fmt::print("agent's CPU          {} us a message\n",
               microseconds_per(usage.cpu_seconds, end.arrived()));
    fmt::print("agent's peak RSS     {}\n", mebibytes(usage.peak_rss_bytes));
    if (options_.chaos) {
      fmt::print("agent killed         {} times\n", kills_);
      fmt::print("receiver stopped     {} times\n", receiver_stops_);
    }
    fmt::print("\n");
  }

  std::string lost(const Balance& end) const {
    if (options_.load.qos == 0) {
      return fmt::format("{} (QoS 0 promises nothing)",
                         end.load.published - std::min(end.load.published, end.received.records));
    }
    std::string text = std::to_string(total(end.missing));
    if (!end.missing.empty()) {
      constexpr std::size_t kShown = 5;
      text += ": " + first_of(end.missing, kShown);
    }
    return text;
  }

  [[nodiscard]] std::string verdict(bool kept) const {
    if (options_.load.qos == 0) {
      return "Done.";
    }
    return kept ? "Every message that was PUBACKed has arrived." : "MESSAGES WERE LOST.";
  }

  const DemoOptions& options_;
  Rig& rig_;
  Interrupts interrupts_;
  LiveLine line_;
  steady_clock::time_point started_;
  steady_clock::time_point next_line_;
  std::uint64_t chaos_seed_ = 0;
  std::uint64_t kills_ = 0;
  std::uint64_t receiver_stops_ = 0;
  double cpu_shown_ = 0;
  std::uint64_t arrived_shown_ = 0;
};

}  // namespace

int run_demo(const DemoOptions& options) {
  WorkDirectory directory(options.work_dir);
  Rig rig({.sluice = options.sluice, .directory = directory.path(), .load = options.load});
  Demo demo(options, rig);
  Demo::Outcome outcome = Demo::Outcome::Bad;
  try {
    outcome = demo.run();
  } catch (const std::runtime_error& error) {
    fmt::print(stderr, "sluice-lab: {}\n", error.what());
  }
  if (outcome == Demo::Outcome::Bad) {
    directory.keep();
    static_cast<void>(std::fflush(stdout));  // in this order, even into one file
    fmt::print(stderr, "{}Logs and data are kept in {}\n", rig.log_tails(), directory.path());
  }
  return outcome == Demo::Outcome::Good ? 0 : 1;
}

}  // namespace sluice::lab
