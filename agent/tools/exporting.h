// Blocks as they are stored, one after the other. Private to tools/.
#pragma once

#include "tools/steps.h"

namespace sluice {

AdminResponse export_answer(InspectableBuffer& buffer, const AdminRequest& request);

}  // namespace sluice
