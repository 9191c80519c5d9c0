// Files that must be where they were put after a power cut. Private to buffers/.
#pragma once

#include "core/result.h"

#include <string>

namespace sluice {

// What was written to it is on the disk.
Status sync_file(const std::string& path);

// The names in it are on the disk. Some file systems cannot sync a directory; they keep its entries
// without being asked.
void sync_directory(const std::string& path);

// On the same file system. Nothing to move is no error.
Status move_file(const std::string& from, const std::string& to);

bool exists(const std::string& path);

}  // namespace sluice
