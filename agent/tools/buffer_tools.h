// `sluice buffer ls | show | export | verify | purge | stats`, without the syntax of their
// arguments.
#pragma once

#include "core/result.h"
#include "tools/backend.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>

namespace sluice {

// All write what was asked for to `out`, and progress to standard error. An error is for the user.

Status list_buffer(ToolBackend& backend, bool json, std::ostream& out);
Status print_stats(ToolBackend& backend, std::ostream& out);

// Flow by flow, each in the order of its sequences.
struct ShowOptions {
  std::string flow{};  // all if empty
  std::uint64_t from = 0;
  std::uint64_t to = std::numeric_limits<std::int64_t>::max();
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
};
Status show_records(ToolBackend& backend, const ShowOptions& options, std::ostream& out);

struct ExportOptions {
  std::string flow{};
  std::string file{};   // empty: standard output
  bool resume = false;  // go on behind what the file holds
};
Status export_records(ToolBackend& backend, const ExportOptions& options);

// False: there are findings, which have been written.
Result<bool> verify_buffer(ToolBackend& backend, bool json, std::ostream& out);

struct PurgeOptions {
  std::string flow{};
  std::string sink{};
  std::string before{};  // a time, see parse_time()
  bool yes = false;      // do not ask
};
Status purge_buffer(ToolBackend& backend, const PurgeOptions& options, std::ostream& out);

// "A-B", "A-", "-B" or "A".
Status parse_sequences(const std::string& text, ShowOptions& options);

}  // namespace sluice
