// "Did you mean …?"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::configuration {

// The candidate that `word` was probably meant to be: the fewest letters added, left out, changed
// or swapped with their neighbour, and at most about a third of them. Nothing if none is close, or
// there are very many.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string>& candidates);

}  // namespace sluice::configuration
