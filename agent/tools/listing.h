// Figures of a buffer: `ls` and `stats`. Private to tools/.
#pragma once

#include "tools/steps.h"

namespace sluice {

AdminResponse stats_answer(InspectableBuffer& buffer);
AdminResponse listing_answer(InspectableBuffer& buffer);

}  // namespace sluice
