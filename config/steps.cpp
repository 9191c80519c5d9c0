// From the options of the steps of a flow to the steps.
#include "config/config.h"

#include <utility>

namespace sluice {

namespace {

Result<std::unique_ptr<Step>> make_step(const StepConfig& config) {
  if (config.kind == "drop") return make_drop(config.names);
  if (config.kind == "keep") return make_keep(config.names);
  if (config.kind == "rename") return make_rename(config.pairs);
  if (config.kind == "flatten") return make_flatten(config.flatten);
  if (config.kind == "topic_tags") return make_topic_tags(config.text);
  if (config.kind == "scale") return make_scale({config.scale.begin(), config.scale.end()});
  if (config.kind == "map") return make_map({config.map.begin(), config.map.end()});
  return Error{Reaction::Reject, "there is no such step"};
}

}  // namespace

MadeSteps make_steps(const FlowConfig& flow) {
  MadeSteps made;
  for (std::size_t i = 0; i < flow.transforms.size(); ++i) {
    const StepConfig& config = flow.transforms[i];
    if (config.kind.empty()) {
      continue;  // it could not be read, which has been said
    }
    auto step = make_step(config);
    if (step) {
      made.steps.push_back({config.kind, *std::move(step)});
    } else {
      made.errors.push_back(
          {"transforms[" + std::to_string(i) + "]." + config.kind, step.error().message});
    }
  }
  return made;
}

}  // namespace sluice
