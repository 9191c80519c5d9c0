// What a record costs the store alone: encoding, SQLite, fsync, reading back. No broker, no
// network.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::lab {

struct StoreBenchOptions {
  std::uint64_t records = 1'000'000;
  std::uint64_t rate = 10'000;  // records between two commits, which are a second apart
  std::size_t size = 200;       // average bytes of a payload
  std::string directory;        // for the file; empty: a temporary one
};

// Appends everything, then drains it, and prints CPU a record, bytes a record, and the cost of zstd
// alone and of a memcpy of the same lines in the same run. 0 if every record came back in order.
int run_store_bench(const StoreBenchOptions& options);

struct FifoBenchOptions {
  std::uint64_t records = 5'000'000;
  std::uint64_t held = 200'000;  // that the sink is behind, all the time
  std::string directory;
};

// Records pass through a buffer that always holds about as many: the file must not grow with them.
int run_fifo_bench(const FifoBenchOptions& options);

struct BacklogBenchOptions {
  std::uint64_t gibibytes = 10;
  std::string directory;
};

// Fills a buffer to that size, opens it again, and drains it: time to open, memory, order.
int run_backlog_bench(const BacklogBenchOptions& options);

}  // namespace sluice::lab
