// Sparkplug B (2.2 and 3.0): a payload of metrics in protocol buffers.
#pragma once

#include "core/clock.h"
#include "core/decoder.h"
#include "decoders/rebirth.h"

#include <memory>

namespace sluice {

// Its state is what nodes and devices have said at their birth: the names and types of aliases.
// What it makes of a message is described in README.md. `rebirths` may be null; both outlive the
// decoder.
std::unique_ptr<Decoder> make_sparkplug_decoder(RebirthRequests* rebirths, const Clock& clock);

}  // namespace sluice
