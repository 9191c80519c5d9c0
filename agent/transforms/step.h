// One step of a flow.
#pragma once

#include "core/clock.h"
#include "core/stateful.h"
#include "transforms/batch.h"

#include <optional>
#include <string_view>

namespace sluice {

// Two clocks, read once for each run.
struct StepTime {
  Timestamp wall;  // may have jumped since the last run, in either direction
  Instant elapsed;
};

// Everything is used on one thread.
class Step {
 public:
  virtual ~Step() = default;

  // Looks at every live row of the batch: changes it, filters it, fails it, or makes others. Also
  // called with an empty batch, once due() has come. An error concerns one row and never ends the
  // run.
  virtual void run(RowBatch& batch, const StepTime& now) = 0;

  // When it has something to do although no record comes.
  [[nodiscard]] virtual std::optional<Instant> due() const { return std::nullopt; }

  // What it must find again after a crash; null if nothing.
  virtual Stateful* state() { return nullptr; }
};

}  // namespace sluice
