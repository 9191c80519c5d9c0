// What a flow makes of its records between decoding and storing.
#pragma once

#include "core/clock.h"
#include "core/record.h"
#include "core/stateful.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// What has become of records that went in and did not come out.
enum class Fate {
  Filtered,    // not wanted: dropped on purpose
  Aggregated,  // part of another record, that comes out now or later
};

// Where the results of a run go. The views are valid during the call.
class TransformOutput {
 public:
  static constexpr std::uint32_t kMade = 0xFFFFFFFF;

  virtual ~TransformOutput() = default;

  // A record that comes out, in order. With an error it could not be decoded or transformed, and is
  // as it went in. `origin` as it was added; kMade if a step has made the record.
  virtual void pass(const Record& record, std::uint32_t origin) = 0;
  virtual void count(Fate fate, std::uint64_t records) = 0;
  // Records that came out besides those that went in.
  virtual void count_made(std::uint64_t records) = 0;
};

// The steps of one flow. Records are collected and go through all steps together. Order: what comes
// out of one record comes out behind what came out of an earlier one, unless a step says otherwise.
// An error in one record never touches another. One thread at a time.
class Transforms {
 public:
  virtual ~Transforms() = default;

  // Copies the record. `origin` comes out with it. One with an error passes all steps by, in its
  // place.
  virtual void add(const Record& record, std::uint32_t origin) = 0;
  [[nodiscard]] virtual bool empty() const = 0;
  // True: enough for one run has been collected.
  [[nodiscard]] virtual bool full() const = 0;

  // Everything that was added goes through the steps, and what is due by now comes out.
  virtual void run(TransformOutput& output) = 0;

  // When something is due although nothing is added; by the monotonic clock.
  [[nodiscard]] virtual std::optional<Instant> due() const = 0;

  // What the steps must find again after a crash; null if they treat every record by itself.
  virtual Stateful* state() { return nullptr; }
};

}  // namespace sluice
