// A store and what fills and empties it, for benchmarks.
#pragma once

#include "core/ids.h"
#include "core/message.h"
#include "pipeline/block_builder.h"
#include "pipeline/line_writer.h"
#include "tests/lab/payloads.h"
#include "tests/support/stepped_buffer.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::lab {

// CPU time of this process that passed between start() and stop(), summed up.
class CpuMeter {
 public:
  void start();
  void stop();
  [[nodiscard]] double seconds() const { return seconds_; }
  [[nodiscard]] double longest_wall() const { return longest_wall_; }  // between start and stop
  [[nodiscard]] std::string per(std::uint64_t records) const;          // "0.123 us"

 private:
  double cpu_ = 0;
  double seconds_ = 0;
  double longest_wall_ = 0;
  std::chrono::steady_clock::time_point wall_;
};

// Lines of simulated sensors, as Intake writes them.
class LineSource {
 public:
  explicit LineSource(std::size_t size) : payloads_({.size = size}) {}

  struct Lines {
    std::string text;
    std::vector<LineMark> marks;
  };
  // The next `count` lines, a second apart from those before.
  const Lines& next(std::uint64_t count);

 private:
  Payloads payloads_;
  LineWriter writer_{LineShape::Envelope};
  Lines lines_;
  std::string payload_;
  std::uint64_t device_ = 0;
  Timestamp now_{std::chrono::milliseconds(1'763'692'800'000)};
};

// Cuts lines into blocks, numbers them, hands them to the store.
class Feeder {
 public:
  Feeder(testing_support::SteppedBuffer& buffer, std::size_t block_size)
      : buffer_(&buffer), builder_(FlowIndex(0), encoder_), encoder_(1, block_size) {}

  // All of them, the last block as it is.
  void feed(const LineSource::Lines& lines);

  [[nodiscard]] std::uint64_t records() const { return next_ - 1; }
  [[nodiscard]] std::uint64_t frame_bytes() const { return frame_bytes_; }
  [[nodiscard]] std::uint64_t raw_bytes() const { return raw_bytes_; }

 private:
  void seal();

  testing_support::SteppedBuffer* buffer_;
  BlockBuilder builder_;
  BlockEncoder encoder_;
  std::uint64_t next_ = 1;
  std::uint64_t frame_bytes_ = 0;
  std::uint64_t raw_bytes_ = 0;
};

// Reads blocks in order and confirms them.
class Drainer {
 public:
  explicit Drainer(testing_support::SteppedBuffer& buffer) : buffer_(&buffer) {}

  // At most `count` blocks. False if there was none left.
  bool take(std::uint64_t count);

  [[nodiscard]] std::uint64_t records() const { return records_; }
  [[nodiscard]] bool in_order() const { return in_order_; }

 private:
  testing_support::SteppedBuffer* buffer_;
  std::uint64_t last_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t touched_ = 0;
  bool in_order_ = true;
};

void print_row(const std::string& name, const std::string& value);
std::string in_mebibytes(std::uint64_t bytes);
std::string bytes_per(std::uint64_t bytes, std::uint64_t records);

}  // namespace sluice::lab
