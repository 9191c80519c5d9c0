// What a flow is made of, from its configuration.
#pragma once

#include "config/config.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "pipeline/flow_options.h"

#include <vector>

namespace sluice {

// Its decoder and transforms, without sources and with nothing learned yet. The configuration has
// no errors. `clock` outlives the flow.
FlowOptions make_flow(const FlowConfig& flow, const Clock& clock);

// All of them, with their sources by position and with what they had learned before.
std::vector<FlowOptions> flows_of(const Config& config, const StateStore& states,
                                  const Clock& clock);

}  // namespace sluice
