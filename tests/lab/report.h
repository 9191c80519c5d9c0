// What `simulate` and `receive` write for others to read: one JSON object in one file, replaced as
// a whole, so that a reader never sees half of it. Message numbers are ranges, first and last
// included:
//
//   {"published": 1237, "acked": 1236, …, "devices": {"dev-000": [[0, 1233], [1236, 1237]]}}
#pragma once

#include "core/result.h"
#include "tests/lab/ranges.h"
#include "tests/lab/receiver.h"

#include <cstdint>
#include <string>

namespace sluice::lab {

struct LoadCounts {
  std::uint64_t published = 0;    // different messages handed to a connection
  std::uint64_t acked = 0;        // of these: PUBACK or PUBCOMP has come. Always 0 with QoS 0
  std::uint64_t refused = 0;      // acknowledged with an error: the broker does not have them
  std::uint64_t redelivered = 0;  // sent again after a reconnect
  std::uint64_t reconnects = 0;
  std::uint64_t payload_bytes = 0;  // of the different messages
  double seconds = 0;               // from the first message to the newest one
};

struct LoadReport {
  LoadCounts counts;
  bool finished = false;  // nothing more will come
  DeviceRanges acked;     // numbers of those messages that count
};

struct ReceiverReport {
  ReceiverCounts counts;
  DeviceRanges received;
};

std::string to_json(const LoadReport& report);
std::string to_json(const ReceiverReport& report);
Result<LoadReport> parse_load_report(const std::string& json);
Result<ReceiverReport> parse_receiver_report(const std::string& json);

// By way of "<path>.new" and rename.
Status write_file(const std::string& path, const std::string& text);
Result<std::string> read_file(const std::string& path);

}  // namespace sluice::lab
