#include "commands/supervision.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice {

Supervision::Supervision(ServiceManager::Options options) : manager_(std::move(options)) {
}

void Supervision::look(const AgentState& state) {
  if (alive_ && !state.alive) {
    spdlog::error("a part of the agent is stuck, no signs of life go out: {}", state.words);
  }
  alive_ = state.alive;
  const bool changed = std::exchange(words_, state.words) != state.words;
  if (!ready_ && state.collecting) {
    ready_ = true;
    told(manager_.ready(state.words));
  } else if (!ready_ && alive_ && looks_++ % kLooksBetweenRequests == 0) {
    told(manager_.starting(state.words, kMoreTime));
  } else if (changed) {
    told(manager_.words(state.words));
  }
}

void Supervision::alive() {
  if (alive_) {
    told(manager_.alive());
  }
}

void Supervision::stopping(std::chrono::milliseconds at_most) {
  told(manager_.stopping(at_most));
}

void Supervision::told(const Status& status) {
  if (!status && !troubled_) {
    spdlog::warn("{}; it may end or restart the agent", status.error().message);
  }
  troubled_ = !status;
}

}  // namespace sluice
