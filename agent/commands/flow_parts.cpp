#include "commands/flow_parts.h"

#include "decoders/decoders.h"
#include "transforms/chain.h"

namespace sluice {

FlowOptions make_flow(const FlowConfig& flow, const Clock& clock) {
  FlowOptions options{.name = flow.name,
                      .sources = {},
                      .topics = flow.topics,
                      .shape = flow.shape,
                      .on_error = flow.on_error,
                      .decoder = make_decoder(flow.decode)};
  if (!flow.transforms.empty()) {
    options.transforms = make_chain(make_steps(flow).steps, clock);
  }
  return options;
}

}  // namespace sluice
