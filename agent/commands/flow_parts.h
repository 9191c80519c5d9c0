// What a flow is made of, from its configuration.
#pragma once

#include "config/config.h"
#include "core/clock.h"
#include "pipeline/flow_options.h"

namespace sluice {

// Its decoder and transforms, without sources and with nothing learned yet. The configuration has
// no errors. `clock` outlives the flow.
FlowOptions make_flow(const FlowConfig& flow, const Clock& clock);

}  // namespace sluice
