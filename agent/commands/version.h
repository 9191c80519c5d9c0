// Which build this is.
#pragma once

#include <string_view>

namespace sluice {

// From `git describe`, for example "0.1.0-gc0ffee1" or "1.2.0".
std::string_view version();

}  // namespace sluice
