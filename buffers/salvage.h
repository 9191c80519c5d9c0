// Puts a damaged buffer aside and makes a new one of what can be read out of it. Private to
// buffers/.
#pragma once

#include "buffers/found_rows.h"
#include "buffers/sqlite_buffer.h"
#include "core/clock.h"
#include "core/result.h"

#include <cstdint>
#include <string>

namespace sluice {

struct SalvageReport {
  std::string text;  // what happened and where the damaged file is; empty if nothing did
  std::uint64_t salvaged_blocks = 0;
  std::uint64_t lost_blocks = 0;   // that the file listed and that could not be read
  std::uint64_t lost_records = 0;  // by the ledger
};

// The steps are such that a crash after any of them loses nothing: until a new file is complete and
// on the disk the damaged one stays where it is, and from then on the next start finishes the move.
//   buffer.salvage     the new file while it is filled; deleted by the next start
//   buffer.salvaged    the new file, complete; takes the place of buffer.db
//   quarantine-<time>/ the damaged files, and salvage.txt with the report
//
// The caller holds the lock of the directory, and nothing has the file open. `why` is the first
// half of a sentence: "its log is damaged". An error is one of the disk; the damaged file is as it
// was.
Result<SalvageReport> salvage_buffer(const SqliteBufferOptions& options,
                                     const Remembered& remembered, Timestamp now,
                                     const std::string& why);

// To be called before the buffer is opened: finishes what a crash has interrupted.
Result<SalvageReport> finish_salvage(const std::string& directory);

}  // namespace sluice
