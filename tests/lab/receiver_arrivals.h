// The receiver's memory of what has arrived.
#pragma once

#include "core/mutex.h"
#include "tests/lab/receiver.h"
#include "tests/lab/receiver_lines.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::lab {

// A set of numbers that mostly come in order: 16 bytes for every full run of 4096 of them, 528 for
// one with holes. One thread at a time.
class NumberSet {
 public:
  bool add(std::uint64_t number);  // false if it was there
  [[nodiscard]] bool has(std::uint64_t number) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t highest() const { return highest_; }

 private:
  static constexpr std::size_t kRun = 4096;
  using Bits = std::array<std::uint64_t, kRun / 64>;
  struct Run {
    std::unique_ptr<Bits> bits;  // none: complete, or brand new
    std::size_t missing = kRun;
  };
  std::unordered_map<std::uint64_t, Run> runs_;
  std::uint64_t size_ = 0;
  std::uint64_t highest_ = 0;
};

// A block that has passed every check.
struct AcceptedBlock {
  std::string flow;  // agent, epoch and flow in one word
  Promise promise;
  std::uint64_t body_bytes = 0;
};

// Any thread.
class Arrivals {
 public:
  void connected();
  void accept(const AcceptedBlock& block, const CheckedLines& lines);
  void refuse();
  void malformed(const std::string& problem);

  [[nodiscard]] ReceiverCounts counts() const;
  [[nodiscard]] std::map<std::string, Receiver::Device> devices() const;
  [[nodiscard]] bool has(const std::string& device, std::uint64_t n) const;

 private:
  struct Flow {
    NumberSet sequences;
    std::uint64_t last_new = 0;
  };
  // Lookup by string_view without making a string.
  struct NameHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's word
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };

  void place(const AcceptedBlock& block, std::uint64_t records) SLUICE_REQUIRES(mutex_);
  void sight(const Sighting& sighting) SLUICE_REQUIRES(mutex_);

  mutable Mutex mutex_;
  ReceiverCounts counts_ SLUICE_GUARDED_BY(mutex_);
  std::unordered_map<std::string, NumberSet, NameHash, std::equal_to<>> devices_
      SLUICE_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Flow> flows_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::lab
