// Names the definition of a flow, so that data upstream tells by which one it was made.
#pragma once

#include "config/config.h"
#include "config/reader.h"

#include <string>
#include <vector>

namespace sluice::configuration {

// 16 hex digits over everything that decides which records the flow produces and what they look
// like: its name, topics, decoder and shape, and the names and topics of its sources. The same on
// every machine and in every run; the order in which topics and sources are listed does not matter.
std::string flow_hash(const FlowConfig& flow, const std::vector<SourceConfig>& sources,
                      const Reading& reading);

}  // namespace sluice::configuration
