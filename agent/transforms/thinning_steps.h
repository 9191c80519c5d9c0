// Steps that let some records through and filter the rest.
//
// Each looks at the records of a group by themselves: those of one topic, or with the same values
// in the fields `by`. At most `max_groups` are remembered. The one that was seen longest ago makes
// room, and its next record is treated as its first: it passes. All of it goes on after a crash.
#pragma once

#include "transforms/step.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

inline constexpr std::size_t kMaxGroups = 10'000;

// A record passes if one of the fields differs by `change` or more from what it was in the record
// that passed last; with a change of 0, if it differs at all. A record in which none of them is a
// number passes untouched. Reject: no field, or a change below zero.
struct DeadbandOptions {
  std::vector<std::string> fields;
  std::vector<std::string> by{};
  double change = 0;
  bool percent = false;                      // `change` is so many percent of the last value
  std::chrono::milliseconds max_silence{0};  // after that the next record passes; 0: never
  std::size_t max_groups = kMaxGroups;
};
Result<std::unique_ptr<Step>> make_deadband(const DeadbandOptions& options);

// A record that says the same as the one that passed last is filtered: all fields have the same
// JSON text in the same order, apart from those in `ignore`.
struct DedupeOptions {
  std::vector<std::string> by{};
  std::vector<std::string> ignore{};
  std::chrono::milliseconds max_silence{0};  // after that the next record passes; 0: never
  std::size_t max_groups = kMaxGroups;
};
Result<std::unique_ptr<Step>> make_dedupe(const DedupeOptions& options);

// One record of a group in each interval; the intervals begin at full multiples of `every` by the
// wall clock. If somebody sets that clock, a new one begins. The first record passes at once; the
// last is held until the interval is over and then comes out as a record that the step has made.
// One that must make room, because there are too many groups or bytes, comes out early. Reject:
// `every` is not more than zero.
struct SampleOptions {
  enum class Take : std::uint8_t { First, Last };
  std::vector<std::string> by{};
  std::chrono::milliseconds every{0};
  Take take = Take::First;
  std::size_t max_groups = kMaxGroups;
  std::size_t max_bytes = 4UL * 1024 * 1024;  // of records that are held
};
Result<std::unique_ptr<Step>> make_sample(const SampleOptions& options);

// The first `most` records of a group pass, and those after them are filtered until `per` has gone
// by since the first; then it starts again. Reject: one of them is not more than zero.
struct ThrottleOptions {
  std::uint64_t most = 0;
  std::chrono::milliseconds per{1000};
  std::vector<std::string> by{};
  std::size_t max_groups = kMaxGroups;
};
Result<std::unique_ptr<Step>> make_throttle(const ThrottleOptions& options);

}  // namespace sluice
