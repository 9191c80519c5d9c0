// What the tools ask of a buffer, whether its agent runs or not.
//
//   GET  /buffer/stats                                   figures that cost nothing
//   GET  /buffer/ls                                      figures for which every row is looked at
//   GET  /buffer/export?flow=&from=&to=                  blocks of a flow, see tools/frames.h
//   GET  /buffer/verify                                  findings, one JSON object a line
//   GET  /buffer/purge?flow=&sink=&before=               what a POST would give up
//   POST /buffer/purge?flow=&sink=&before=
#pragma once

#include "admin/routes.h"
#include "buffers/inspection.h"

namespace sluice {

// `buffer` outlives the routes and every answer.
void add_buffer_routes(AdminRoutes& routes, InspectableBuffer& buffer);

}  // namespace sluice
