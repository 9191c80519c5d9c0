// What the tools ask about dead letters, whether the agent runs or not. All of them take the
// parameters flow, sink, reason, since (milliseconds) and id, and are about the letters that match.
//
//   GET    /dead           one JSON object a line
//   GET    /dead/export    the records, see tools/frames.h
//   POST   /dead/retry
//   DELETE /dead
#pragma once

#include "admin/routes.h"
#include "buffers/inspection.h"
#include "buffers/sqlite_buffer.h"
#include "tools/input_retry.h"

namespace sluice {

// All of them outlive the routes and every answer. Without `retry`, letters that no sink has seen
// are not retried, and the answer says so.
void add_dead_routes(AdminRoutes& routes, InspectableBuffer& buffer);
void add_dead_changes(AdminRoutes& routes, SqliteBuffer& buffer, InputRetry* retry = nullptr);

}  // namespace sluice
