// Numbers and names out of the query of a request. Private to tools/.
#pragma once

#include "admin/exchange.h"
#include "buffers/inspection.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

// Nothing if it is not given. Rejects what is not a number.
Result<std::optional<std::uint64_t>> number_in(const AdminRequest& request, std::string_view name);

std::optional<std::string> text_in(const AdminRequest& request, std::string_view name);

// Rejects a name that no flow of the buffer has. Nothing if there is no name.
Result<std::optional<StoredFlow>> flow_named(const BufferOutline& outline,
                                             const std::optional<std::string>& name);

}  // namespace sluice
