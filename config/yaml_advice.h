// What to do about a text that is not YAML.
#pragma once

#include <string>
#include <string_view>

namespace sluice::configuration {

// `problem` is what yaml-cpp says, in words for those who write YAML parsers. The answer, perhaps
// empty, is for those who do not, and goes behind it. `line` is where it has given up.
std::string yaml_advice(std::string_view problem, std::string_view line);

}  // namespace sluice::configuration
