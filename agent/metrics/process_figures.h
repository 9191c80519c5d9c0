// What the operating system knows about this process.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice {

// Nothing where /proc does not tell.
struct ProcessFigures {
  std::optional<double> cpu_seconds{};  // user and system
  std::optional<std::uint64_t> resident_bytes{};
  std::optional<std::uint64_t> written_bytes{};  // to storage
  std::optional<double> start_seconds{};         // since 1970
};

ProcessFigures process_figures();

}  // namespace sluice
