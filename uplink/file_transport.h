// Writes records to files in a directory.
#pragma once

#include "core/transport.h"
#include "uplink/sender_identity.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

enum class FileCompression { None, Zstd };

struct FileTransportOptions {
  std::string path;  // of the finished files, without their number: /data/records.ndjson
  std::uint64_t max_size = 64ULL * 1024 * 1024;  // bytes at which a file is finished
  std::chrono::milliseconds max_age{3'600'000};  // after which it is finished; 0: never
  std::uint32_t keep = 0;                        // newest finished files that are kept; 0: all
  FileCompression compression = FileCompression::None;
};

}  // namespace sluice
