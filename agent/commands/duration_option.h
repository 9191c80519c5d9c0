// An option that takes a time: 500ms, 2s, 5m.
#pragma once

#include <CLI/CLI.hpp>

#include <chrono>
#include <string>

namespace sluice {

// `duration` holds the default, and is filled in when the arguments are parsed.
CLI::Option* add_duration_option(CLI::App& command, const std::string& name,
                                 std::chrono::milliseconds& duration, const std::string& help);

}  // namespace sluice
