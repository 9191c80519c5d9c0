// The target of a request line: path and query.
#pragma once

#include "admin/exchange.h"
#include "core/result.h"

#include <string>
#include <string_view>

namespace sluice {

// Fills in path and query. Rejects what is not "/path?name=value&…", a broken %-escape, a NUL, and
// a name that is given twice.
Status parse_target(std::string_view target, AdminRequest& request);

// For a name or value in a query: everything but letters, digits and -._~ as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace sluice
