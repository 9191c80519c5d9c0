// A SQLite file-system layer over the real one whose disk breaks or fills up on demand.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::testing_support {

// Pass as SqliteBufferOptions::vfs. Registered on first use; one plan for the whole process, which
// may be changed by any thread.
const char* faulty_vfs();

enum class DiskFault {
  Refuses,     // writes, syncs and truncations fail and do nothing
  TearsWrite,  // the same, but of every refused write the first half reaches the file
  SyncFails,   // everything is written, but neither fsync nor what follows it succeeds
  IsFull,      // a write that makes its file longer finds no space
  IsReadOnly,  // as if mounted again read-only: nothing can be changed, or opened to be changed
  CannotRead,  // reads fail
};

// Lets `operations` more writes, syncs and truncations succeed (reads, if they are to fail); then
// `fault` stays until heal().
void break_disk_after(int operations, DiskFault fault);

// The files opened through this layer, and the ballast in `directory`, may have so many bytes
// together, until heal().
void limit_disk(std::uint64_t bytes, const std::string& directory);

void heal_disk();

// True once an operation has been refused since the last break_disk_after() or limit_disk().
bool disk_has_failed();
// Bytes that count against the limit now.
std::uint64_t disk_use(const std::string& directory);

}  // namespace sluice::testing_support
