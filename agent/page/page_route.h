// The page at "/": the figures of /status for people, in a browser.
#pragma once

#include "admin/routes.h"

namespace sluice {

// Open to everybody: the page itself holds no figure, it asks /status for them, and its visitor for
// the token if that is needed. One document that loads nothing else; its policy lets the browser
// run exactly this script and ask exactly this agent. Reads only.
void add_page(AdminRoutes& routes);

}  // namespace sluice
