// `sluice check --connect`: whether everything that the configuration names can be reached, and
// lets the agent in.
#pragma once

#include "config/config.h"
#include "core/result.h"

#include <chrono>
#include <functional>
#include <string>

namespace sluice {

constexpr std::chrono::milliseconds kConnectTimeout{10'000};

struct ConnectFinding {
  std::string part;    // source, sink
  std::string name;    // of it
  std::string item;    // broker, topic, endpoint, token, brokers, directory, output
  std::string target;  // an address, a filter, a path; never with credentials
  bool ok = false;
  std::string words;  // what was found, or what is wrong and what to do
};

// Called with every finding as soon as there is one.
using ConnectListener = std::function<void(const ConnectFinding&)>;

// Tries one thing after the other; nothing is collected, acknowledged or delivered. True if all is
// well. `at_most` is the time for each.
bool try_connections(const Config& config, std::chrono::milliseconds at_most,
                     const ConnectListener& listener);

// "ok      source plant, topic sensors/#: allowed"
std::string to_text(const ConnectFinding& finding);
std::string to_json(const ConnectFinding& finding);

}  // namespace sluice
