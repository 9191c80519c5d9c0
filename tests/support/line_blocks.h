// Blocks as the pipeline makes them: real lines, really compressed.
#pragma once

#include "core/block.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice::testing_support {

// What a record looks like; `text` must be fit for a JSON string.
std::string line_of(std::uint64_t sequence, const std::string& text);

// One record for each text, with the sequences from `first` on.
SealedBlock make_lines(std::size_t flow, std::uint64_t first,
                       const std::vector<std::string>& texts);

// The lines of a block, without their breaks.
std::vector<std::string> lines_of(const Block& block);

}  // namespace sluice::testing_support
