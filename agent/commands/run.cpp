#include "commands/assembly.h"
#include "commands/commands.h"
#include "commands/logging.h"
#include "commands/printing.h"
#include "commands/supervision.h"
#include "commands/version.h"
#include "config/config.h"
#include "core/clock.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <ctime>

namespace sluice {

namespace {

// Signals that end the agent. Blocked in every thread and waited for in this one, so that no
// handler ever interrupts anything.
sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

// The first signal starts a stop; whoever sends a second one does not want to wait for it.
void obey_a_second_signal() {
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

// Speaks up when the buffer stops storing, and when it stores again; not in between. So it does
// when a ledger does not add up. And once when the buffer has found its file damaged, which is at
// the start as a rule.
class BufferWatch {
 public:
  void look_at_ledger(const std::string& trouble) {
    if (trouble == ledger_trouble_) {
      return;
    }
    if (trouble.empty()) {
      spdlog::info("every ledger adds up again");
    } else {
      spdlog::error("records are not accounted for: {}", trouble);
    }
    ledger_trouble_ = trouble;
  }

  void look(const AgentCounts& counts) {
    look_for_trouble(counts.buffer_trouble);
    if (counts.buffer_quarantine != quarantine_) {
      spdlog::log(counts.buffer_lost_data ? spdlog::level::err : spdlog::level::warn,
                  "buffer was damaged and has been replaced: {}", counts.buffer_quarantine);
      quarantine_ = counts.buffer_quarantine;
    }
  }

 private:
  void look_for_trouble(const std::string& trouble) {
    if (trouble == trouble_) {
      return;
    }
    if (trouble.empty()) {
      spdlog::info("buffer stores again, acknowledgements go out");
    } else {
      spdlog::error("buffer cannot store, acknowledgements are held back until it can: {}",
                    trouble);
    }
    trouble_ = trouble;
  }

  std::string trouble_;
  std::string ledger_trouble_;
  std::string quarantine_;
};

// Returns the number of the signal, or 0 when the agent has failed by itself.
int wait_for_the_end(Agent& agent, BufferWatch& watch, Supervision& supervision) {
  using std::chrono::nanoseconds;
  constexpr std::chrono::seconds kSecond{1};
  const sigset_t signals = ending_signals();
  const auto pause = std::min<nanoseconds>(kSecond, supervision.interval().value_or(kSecond));
  const timespec at_most{.tv_sec = pause / kSecond, .tv_nsec = (pause % kSecond).count()};
  Instant next_look = system_clock().elapsed();
  while (!agent.failed()) {
    const int signal = sigtimedwait(&signals, nullptr, &at_most);
    if (signal > 0) {
      return signal;
    }
    if (system_clock().elapsed() >= next_look) {
      next_look = system_clock().elapsed() + kSecond - pause / 2;
      watch.look(agent.counts());
      const AgentState state = agent.look();
      watch.look_at_ledger(state.ledger_trouble);
      supervision.look(state);
      tell_repeats();
    }
    supervision.alive();
  }
  return 0;
}

void log_sums(const AgentCounts& counts) {
  spdlog::info("stopped received={} acknowledged={} redelivered={} records={} delivered={} held={}",
               counts.received, counts.acknowledged, counts.redelivered, counts.records,
               counts.delivered, counts.held);
}

}  // namespace

ExitCode run_agent(const ConfigFiles& files) {
  const LoadedConfig loaded = load_config(files);
  if (!print_problems(loaded)) {
    return ExitCode::BadConfig;
  }
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const AgentOptions& options = loaded.config.agent;
  set_up_logging(options.log_level, options.log_format);
  auto agent = Agent::make(loaded.config, version());
  if (!agent) {
    spdlog::error("cannot start: {}", agent.error().message);
    return ExitCode::Failure;
  }
  spdlog::info("started version={} agent={} data_dir={} held={}", version(), options.id,
               options.data_dir, (*agent)->counts().held);
  BufferWatch watch;
  watch.look((*agent)->counts());
  (*agent)->start();
  Supervision supervision(ServiceManager::from_environment());
  const int signal = wait_for_the_end(**agent, watch, supervision);
  spdlog::info("stopping signal={}", signal);
  supervision.stopping(options.shutdown_timeout);
  obey_a_second_signal();
  (*agent)->stop();
  tell_repeats(true);
  log_sums((*agent)->counts());
  return signal == 0 ? ExitCode::Failure : ExitCode::Success;
}

}  // namespace sluice
