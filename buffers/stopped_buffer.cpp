#include "buffers/directory_lock.h"
#include "buffers/file_inspection.h"
#include "buffers/inspection.h"
#include "buffers/store_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace sluice {

namespace {

class ReadBuffer final : public InspectableBuffer {
 public:
  ReadBuffer(DirectoryLock lock, StoreFile file, std::vector<Route> routes)
      : lock_(std::move(lock)), file_(std::move(file)), routes_(std::move(routes)) {}

  void inspect(InspectionStep step) override {
    FileInspection look(file_, routes_);
    step(&look);
  }

 private:
  DirectoryLock lock_;  // first: given up after the file is closed
  StoreFile file_;
  std::vector<Route> routes_;
};

}  // namespace

// Taking the lock would make the directory, and its errors speak of running an agent.
Status check_buffer_access(const std::string& directory) {
  const std::string file = directory + "/buffer.db";
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) {
    const std::string why = std::generic_category().message(errno);
    return Error{Reaction::Reject, errno == ENOENT
                                       ? "there is no buffer in " + directory +
                                             " (no buffer.db): name the data_dir of the agent"
                                       : file + ": " + why};
  }
  if (::access(file.c_str(), R_OK | W_OK) != 0 || ::access(directory.c_str(), W_OK | X_OK) != 0) {
    return Error{Reaction::Reject,
                 file +
                     " cannot be opened: even for reading, the lock must be taken, so that no "
                     "agent starts meanwhile, and that needs write access. Run this as user " +
                     std::to_string(found.st_uid) + " or root, or on a copy of the directory"};
  }
  return {};
}

Result<std::unique_ptr<InspectableBuffer>> open_stopped_buffer(const SqliteBufferOptions& options) {
  if (Status allowed = check_buffer_access(options.directory); !allowed) {
    return allowed.error();
  }
  Result<DirectoryLock> lock = DirectoryLock::take(options.directory);
  if (!lock) {
    return lock.error();
  }
  Result<StoreFile> file = StoreFile::open({.path = options.directory + "/buffer.db",
                                            .vfs = options.vfs,
                                            .may_create = false,
                                            .encryption_key = options.encryption_key,
                                            .encryption_old_keys = options.encryption_old_keys,
                                            .read_only = true});
  if (!file) {
    return file.error();
  }
  return std::unique_ptr<InspectableBuffer>(
      std::make_unique<ReadBuffer>(*std::move(lock), *std::move(file), options.routes));
}

}  // namespace sluice
