#include "tests/lab/balance.h"

#include <fmt/format.h>

namespace sluice::lab {

Balance balance(const LoadReport& load, const ReceiverReport& received) {
  return {.load = load.counts,
          .received = received.counts,
          .missing = difference(load.acked, received.received),
          .numbered = total(load.acked)};
}

std::string first_of(const DeviceRanges& numbers, std::size_t most) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [device, ranges] : numbers) {
    for (const auto& [first, last] : ranges.spans()) {
      if (shown++ == most) {
        return text + ", …";
      }
      text += text.empty() ? "" : ", ";
      text += first == last ? fmt::format("{} {}", device, first)
                            : fmt::format("{} {}-{}", device, first, last);
    }
  }
  return text;
}

std::string microseconds_per(double cpu_seconds, std::uint64_t messages) {
  if (messages == 0) {
    return "-";
  }
  return fmt::format("{:.2f}", cpu_seconds * 1e6 / static_cast<double>(messages));
}

std::string mebibytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1024.0 * 1024.0));
}

}  // namespace sluice::lab
