#include "tools/buffer_routes.h"

#include "tools/exporting.h"
#include "tools/listing.h"
#include "tools/purging.h"
#include "tools/verifying.h"

namespace sluice {

void add_buffer_routes(AdminRoutes& routes, InspectableBuffer& buffer) {
  routes.add(AdminMethod::Get, "/buffer/stats", AdminAccess::Figures,
             [&buffer](const AdminRequest&) { return stats_answer(buffer); });
  routes.add(AdminMethod::Get, "/buffer/ls", AdminAccess::Data,
             [&buffer](const AdminRequest&) { return listing_answer(buffer); });
  routes.add(AdminMethod::Get, "/buffer/verify", AdminAccess::Data,
             [&buffer](const AdminRequest&) { return verify_answer(buffer); });
  routes.add(AdminMethod::Get, "/buffer/export", AdminAccess::Data,
             [&buffer](const AdminRequest& request) { return export_answer(buffer, request); });
  routes.add(
      AdminMethod::Get, "/buffer/purge", AdminAccess::Data,
      [&buffer](const AdminRequest& request) { return purge_preview_answer(buffer, request); });
  routes.add(AdminMethod::Post, "/buffer/purge", AdminAccess::Data,
             [&buffer](const AdminRequest& request) { return purge_answer(buffer, request); });
}

}  // namespace sluice
