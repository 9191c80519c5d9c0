// What is in a dead letter that no sink has seen. Private to tools/.
#pragma once

#include "core/block.h"
#include "core/result.h"
#include "tools/input_retry.h"

#include <string>

namespace sluice {

// Reject: it is not such a letter, or cannot be read.
Result<RetriedInput> input_in(const Block& letter, std::string flow);

}  // namespace sluice
