// A step that makes one record of the many of an interval.
#pragma once

#include "transforms/aggregate.h"
#include "transforms/step.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

// The numbers of these fields are aggregated for each group and window; a record that has none of
// them passes untouched, and so does one without a time if `time_field` asks for it.
//
// A result has the topic of the first record that went in, as its time the end of the window, and
// these fields: those of `by`, `window_start` and `window_end` (ms since 1970, the end is not part
// of the window), and for each number `<field>_<function>`.
//
// A window may have several results, which then add up: when too many groups are open, the one seen
// longest ago gives its result early; if somebody sets the wall clock, windows by arrival go on at
// the new time; and what comes late gives results of its own, with `late: true`. A record is never
// just forgotten. Open windows outlive a crash; if the options are others after it, they give their
// results at once.
struct WindowOptions {
  struct Field {
    std::string name;
    std::vector<Aggregation> functions;
  };
  // What becomes of a record if all windows it belongs to have passed.
  enum class Late : std::uint8_t { Emit, Drop, DeadLetter };

  // A window begins at each full multiple of `every` by the wall clock, and has this size; with a
  // larger one they overlap (at most kMostWindows of them).
  std::chrono::milliseconds every{0};
  std::chrono::milliseconds size{0};  // 0: `every`
  std::vector<std::string> by{};      // none: the topic
  std::vector<Field> fields;

  // Empty: by arrival. Such a window ends by the monotonic clock and is never late. Otherwise by
  // this field, see event_time(). Such a window ends when a record of `grace` behind its end has
  // been seen, but at the latest its size and `grace` after its first record has come, so that no
  // time that a device makes up keeps it open. What lies before the wall clock moves this time on,
  // what lies in the future does not.
  std::string time_field{};
  std::chrono::milliseconds grace{0};
  Late late = Late::Emit;
  std::size_t max_groups = 10'000;  // of all open windows together
};

inline constexpr int kMostWindows = 64;

// Reject: the options make no sense, or two fields of a result would have the same name.
Result<std::unique_ptr<Step>> make_window(const WindowOptions& options);

}  // namespace sluice
