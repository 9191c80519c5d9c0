// Arrays of Sparkplug 3.0: elements packed into bytes, little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Appends bytes of the type Int8Array to DateTimeArray as a JSON array; false, and nothing
// appended, if they cannot be one.
bool append_sparkplug_array(std::string_view bytes, std::uint32_t type, std::string& out);

}  // namespace sluice
