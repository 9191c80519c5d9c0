// The agent's own figures as a source: what /status answers, through a flow like any data.
#pragma once

#include "core/clock.h"
#include "core/source.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

struct InternalSourceOptions {
  std::string topic;  // of its messages: sluice/<agent.id>/status
  std::chrono::milliseconds every{60'000};
};

// Order:      one message after the other, the first one interval after the start.
// Durability: figures that cannot be taken, because the flow is full, are not kept for later:
// fresher
//             ones follow. A stop does not wait for what has been delivered to be settled.
// Errors:     none.
// `figures` makes the payload, on the source's thread; it and `clock` outlive the source.
std::unique_ptr<Source> make_internal_source(InternalSourceOptions options,
                                             std::function<std::string()> figures,
                                             const Clock& clock);

}  // namespace sluice
