// Writes a file that must be there as a whole or not at all.
#pragma once

#include "core/result.h"

#include <string>

namespace sluice {

enum class IfThere { Refuse, Replace };

// With mode 0640, whatever the umask: it may hold what is not for everybody.
Status write_new_file(const std::string& path, const std::string& text, IfThere if_there);

}  // namespace sluice
