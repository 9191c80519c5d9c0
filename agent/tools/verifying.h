// Looks at every block: what is wrong with it, and what is missing between them. Private to tools/.
#pragma once

#include "tools/steps.h"

namespace sluice {

AdminResponse verify_answer(InspectableBuffer& buffer);

}  // namespace sluice
