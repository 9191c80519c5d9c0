// Sets of message numbers, kept as ranges: a million consecutive numbers cost as much as one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace sluice::lab {

// One thread at a time.
class Ranges {
 public:
  bool insert(std::uint64_t n);  // false: it was there already
  void insert(std::uint64_t first, std::uint64_t last);

  [[nodiscard]] bool contains(std::uint64_t n) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::uint64_t highest() const;                         // of a set that is not empty
  [[nodiscard]] std::uint64_t next_missing(std::uint64_t from) const;  // from, or the first above
  [[nodiscard]] std::uint64_t gaps() const;  // numbers below the highest that are not
  // First to last number of each range; no two overlap or touch.
  [[nodiscard]] const std::map<std::uint64_t, std::uint64_t>& spans() const { return spans_; }

  bool operator==(const Ranges& other) const { return spans_ == other.spans_; }

 private:
  std::map<std::uint64_t, std::uint64_t> spans_;
  std::uint64_t size_ = 0;
};

// What is in `all` and not in `without`.
Ranges difference(const Ranges& all, const Ranges& without);

using DeviceRanges = std::map<std::string, Ranges>;

std::uint64_t total(const DeviceRanges& devices);
// Per device, without those of whom nothing is left.
DeviceRanges difference(const DeviceRanges& all, const DeviceRanges& without);

}  // namespace sluice::lab
