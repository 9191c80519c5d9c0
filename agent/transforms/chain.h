// The steps of one flow, one after the other.
#pragma once

#include "core/clock.h"
#include "core/transform.h"
#include "transforms/step.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct NamedStep {
  std::string name;  // the word in the configuration
  std::unique_ptr<Step> step;
};

// `clock` outlives it.
std::unique_ptr<Transforms> make_chain(std::vector<NamedStep> steps, const Clock& clock);

}  // namespace sluice
