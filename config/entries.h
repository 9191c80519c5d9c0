// The keys and values of a section in force: repeated keys refused, << merged.
#pragma once

#include "config/document.h"
#include "config/findings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace sluice::configuration {

// `map` must be a map. Own keys win over merged ones, earlier merges over later ones. All keys of
// the result are scalars. Takes what it looks at from `budget`, and stops when that is used up:
// with aliases a short file can describe an endless one.
std::vector<YamlNode::Entry> entries_of(const YamlNode& map, const std::string& path,
                                        std::size_t& budget, Findings& findings);

}  // namespace sluice::configuration
