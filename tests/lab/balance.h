// What load and receiver say, compared: the promise in numbers.
#pragma once

#include "tests/lab/report.h"
#include "tests/support/process.h"

#include <cstdint>
#include <string>

namespace sluice::lab {

struct Balance {
  LoadCounts load;
  ReceiverCounts received;
  DeviceRanges missing;        // acknowledged to the devices and not arrived
  std::uint64_t numbered = 0;  // acknowledged messages that count

  // Tells whether anything has happened between two of them.
  [[nodiscard]] std::uint64_t progress() const { return load.acked + received.records; }
  // Different messages that have arrived, also those without a number.
  [[nodiscard]] std::uint64_t arrived() const { return received.records - received.duplicates; }
};

Balance balance(const LoadReport& load, const ReceiverReport& received);

// "dev-003 17-19, dev-007 4, …": at most `most` ranges.
std::string first_of(const DeviceRanges& numbers, std::size_t most);

// "2.81", or "-" if there were no messages.
std::string microseconds_per(double cpu_seconds, std::uint64_t messages);
std::string mebibytes(std::uint64_t bytes);

}  // namespace sluice::lab
