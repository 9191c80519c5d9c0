// A part of the file that is data, not options: as JSON.
#pragma once

#include "config/document.h"
#include "core/result.h"

#include <cstddef>
#include <string>

namespace sluice::configuration {

// Plain scalars that read as a JSON number, true, false or null become that, everything else a
// text, with its references replaced. Takes what it looks at from `budget`. Rejects, with a
// sentence, what is nested too deeply or more than the budget.
Result<std::string> json_of(const YamlNode& node, std::size_t& budget);

}  // namespace sluice::configuration
