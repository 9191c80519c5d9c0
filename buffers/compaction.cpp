#include "buffers/compaction.h"

#include "buffers/schema.h"

#include <algorithm>

namespace sluice {

void Compaction::measured(const FileUse& use, Instant now) {
  if (cutting_) {
    return;
  }
  const std::uint64_t free = use.all_bytes - use.used_bytes;
  if (free < kLeastFree || use.used_bytes > kMostUsed) {
    due_.reset();
  } else if (!due_) {
    due_ = now + kCalm;
  }
}

void Compaction::forget() {
  due_.reset();
  cutting_ = false;
}

Status Compaction::step(StoreFile& file, Instant now) {
  due_.reset();
  if (!cutting_) {
    cutting_ = true;
    if (Status written = rewrite(file); !written) {
      static_cast<void>(end(file));  // the first error says more
      return written;
    }
  }
  return cut(file, now);
}

// All pages that are in use go into the log, and are synced whatever the buffer promises: what is
// cut off the database must not be needed after a power cut. The log is not copied before the
// database has been cut, because that would cut it in one go.
Status Compaction::rewrite(StoreFile& file) {
  if (Status set = set_checkpoints(file.connection, Checkpoints::Never); !set) {
    return set;
  }
  if (Status set = set_durability(file.connection, Durability::Power); !set) {
    return set;
  }
  return file.connection.run("VACUUM");
}

Status Compaction::cut(StoreFile& file, Instant now) {
  const Result<FileUse> use = file.use();
  const Result<std::uint64_t> size = file.connection.file_size();
  if (!use || !size) {
    static_cast<void>(end(file));
    return use ? size.error() : use.error();
  }
  if (*size <= use->all_bytes) {
    return end(file);
  }
  const std::uint64_t next = std::max(use->all_bytes, *size - std::min(*size, kStep));
  if (Status done = file.connection.truncate_file(next); !done) {
    static_cast<void>(end(file));
    return done;
  }
  due_ = now;
  return {};
}

Status Compaction::end(StoreFile& file) {
  cutting_ = false;
  const Status checkpoints = set_checkpoints(file.connection, Checkpoints::WhenLogIsLong);
  const Status durability = set_durability(file.connection, durability_);
  const Status folded = fold_log(file.connection);
  return !checkpoints ? checkpoints : !durability ? durability : folded;
}

}  // namespace sluice
