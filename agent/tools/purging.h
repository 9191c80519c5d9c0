// Giving up what is in the buffer. Private to tools/.
#pragma once

#include "tools/steps.h"

namespace sluice {

// What would be given up, and giving it up.
AdminResponse purge_preview_answer(InspectableBuffer& buffer, const AdminRequest& request);
AdminResponse purge_answer(InspectableBuffer& buffer, const AdminRequest& request);

}  // namespace sluice
