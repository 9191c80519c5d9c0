// Times as devices write them.
#pragma once

#include "core/clock.h"

#include <optional>
#include <string_view>

namespace sluice {

// From JSON text: a number of seconds, milliseconds, microseconds or nanoseconds since 1970, told
// apart by their size (seconds up to the year 5138), or a text like "2026-03-01T12:00:00.5+01:00";
// one without a zone is UTC. Nothing if it is none of that, or not in the years 1 to 9999.
std::optional<Timestamp> event_time(std::string_view json);

}  // namespace sluice
