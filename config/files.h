// The files that a configuration consists of: reading them, and which ones an include means.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::configuration {

// What is in the file; rejects what is too large to be a configuration.
Result<std::string> content_of(const std::string& path);

// The files that `pattern` means, seen from the directory of the file `from`. With *, ? or […] all
// that exist, sorted by name, perhaps none; else the one of this name, whether it exists or not.
Result<std::vector<std::string>> included_files(const std::string& pattern,
                                                const std::string& from);

// "sluice.staging.yaml" for "sluice.yaml" and "staging".
std::string overlay_of(const std::string& path, const std::string& environment);

// Equal for the same file by whatever path.
std::string identity_of(const std::string& path);

}  // namespace sluice::configuration
