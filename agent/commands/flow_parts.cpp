#include "commands/flow_parts.h"

#include "decoders/decoders.h"
#include "transforms/chain.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace sluice {

namespace {

// What it cannot read any more is left behind, and said.
void restore(Stateful* state, const std::string& key, const StateStore& states) {
  const std::optional<std::string> saved = state != nullptr ? states.load(key) : std::nullopt;
  if (!saved) {
    return;
  }
  if (const Status restored = state->restore(*saved); !restored) {
    spdlog::warn("{} begins anew: {}", key, restored.error().message);
  }
}

}  // namespace

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

std::vector<FlowOptions> flows_of(const Config& config, const StateStore& states,
                                  const Clock& clock) {
  std::vector<FlowOptions> flows;
  for (const FlowConfig& flow : config.flows) {
    FlowOptions options = make_flow(flow, clock);
    restore(options.decoder->state(), decoder_state_key(flow.name), states);
    if (options.transforms) {
      restore(options.transforms->state(), transforms_state_key(flow.name), states);
    }
    for (std::size_t i = 0; i < config.sources.size(); ++i) {
      if (std::ranges::find(flow.from, config.sources[i].name) != flow.from.end()) {
        options.sources.push_back(i);
      }
    }
    flows.push_back(std::move(options));
  }
  return flows;
}

}  // namespace sluice
