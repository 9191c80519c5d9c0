// Where the admin endpoint listens, as it is written.
#pragma once

#include "admin/options.h"
#include "core/result.h"

#include <string>

namespace sluice {

// "127.0.0.1:9600", "[::1]:9600", "localhost:9600", "unix:/path" or "off". Rejects anything else
// with the second half of a sentence that begins with the value.
Result<AdminAddress> parse_admin_address(const std::string& text);

std::string to_text(const AdminAddress& address);

// Only processes of this machine can connect.
bool is_local(const AdminAddress& address);

}  // namespace sluice
