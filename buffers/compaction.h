// Gives the space of a drained backlog back to the file system. Private to buffers/.
#pragma once

#include "buffers/sqlite_buffer.h"
#include "buffers/store_file.h"
#include "core/clock.h"
#include "core/result.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace sluice {

// The file never becomes smaller by itself: pages that are free are used again. When nearly all of
// it has been free for a while, what is left is written anew into the log, in one transaction, and
// then the database is cut shorter in steps: the file system takes its time for a long file.
//
// Whatever interrupts this, the file has the same rows: until its end everything is in the log. One
// thread.
class Compaction {
 public:
  static constexpr std::uint64_t kLeastFree = 16UL * 1024 * 1024;
  static constexpr std::uint64_t kMostUsed = 4UL * 1024 * 1024;
  static constexpr std::uint64_t kStep = 32UL * 1024 * 1024;
  // A backlog that comes and goes would find its space again: taking it anew costs writes.
  static constexpr std::chrono::seconds kCalm{30};

  explicit Compaction(Durability durability) : durability_(durability) {}

  // After each transaction.
  void measured(const FileUse& use, Instant now);
  // The file has been opened again.
  void forget();

  // When step() should be called.
  [[nodiscard]] std::optional<Instant> due() const { return due_; }

  // Takes no longer than a commit. After an error there is nothing due any more.
  Status step(StoreFile& file, Instant now);

 private:
  Status rewrite(StoreFile& file);
  Status cut(StoreFile& file, Instant now);
  Status end(StoreFile& file);

  const Durability durability_;
  std::optional<Instant> due_;
  bool cutting_ = false;
};

}  // namespace sluice
