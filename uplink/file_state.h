// What a file sink must remember beyond the file that grows, so that a block that comes again after
// a crash is recognised.
#pragma once

#include "core/result.h"
#include "uplink/sequence_ranges.h"

#include <cstdint>
#include <string>

namespace sluice {

// A small text file beside the others: the buffer that the sequences belong to, the number of the
// next finished file, the ranges that finished files hold.
struct FileState {
  std::string agent;
  std::uint64_t epoch = 0;
  std::uint64_t next_number = 1;
  SequenceRanges written;
};

// What is stored at `path`; a state of nobody if there is none, or none that can be read: then
// nothing is recognised, and the worst that can come of it is that a block is written twice.
Result<FileState> load_file_state(const std::string& path);

// Replaces it in one step that survives a power cut once this has returned.
Status store_file_state(const std::string& path, const std::string& directory,
                        const FileState& state);

}  // namespace sluice
