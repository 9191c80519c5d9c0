// What an earlier process has left in a file that was growing.
#pragma once

#include "core/result.h"
#include "uplink/file_handle.h"
#include "uplink/file_transport.h"
#include "uplink/sequence_ranges.h"

#include <cstdint>

namespace sluice {

struct RecoveredFile {
  std::uint64_t good_bytes = 0;  // up to the end of the last whole line, or frame
  SequenceRanges written;        // the sequences of its lines
};

// Reads the file once, in pieces. What was synced is whole; behind it may lie part of a line, of a
// frame, or what the file system made of bytes that never reached the disk.
Result<RecoveredFile> inspect_file(const FileHandle& file, FileCompression compression);

}  // namespace sluice
