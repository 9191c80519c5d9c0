// The room on the file system of the buffer. Private to buffers/.
#pragma once

#include "buffers/sqlite_buffer.h"

#include <cstdint>
#include <string>

namespace sluice {

// All the room there can be if the file system does not say.
VolumeSpace space_of(const std::string& directory);

// What has to be left free. A small part of a small volume too, or nothing would ever be stored.
std::uint64_t reserved_bytes(const VolumeSpace& space);

}  // namespace sluice
