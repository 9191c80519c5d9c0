// Files as a file sink needs them: every failure with the name of the file and the words of the
// system.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// What cannot be done to `path`, from errno. Reject: someone must change something (the directory
// is missing, not ours to write, or read-only); Retry: anything else.
Error file_error(const std::string& what, const std::string& path, int number);

// An open file. One thread at a time.
class FileHandle {
 public:
  FileHandle() = default;
  ~FileHandle();
  FileHandle(FileHandle&& other) noexcept;
  FileHandle& operator=(FileHandle&& other) noexcept;
  FileHandle(const FileHandle&) = delete;
  FileHandle& operator=(const FileHandle&) = delete;

  // For reading and writing, made if it is not there, and ours alone: Reject if another process
  // has it.
  static Result<FileHandle> open(const std::string& path);

  Status write_at(std::uint64_t offset, std::string_view bytes) const;
  // Fewer only at the end of the file.
  [[nodiscard]] Result<std::size_t> read_at(std::uint64_t offset, char* bytes,
                                            std::size_t size) const;
  Status truncate(std::uint64_t size) const;
  Status sync() const;
  [[nodiscard]] Result<std::uint64_t> size() const;
  [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }
  void close();

 private:
  int descriptor_ = -1;
  std::string path_;
};

// So that names that were made or changed in it survive a power cut.
Status sync_folder(const std::string& path);

Status rename_file(const std::string& from, const std::string& to);

}  // namespace sluice
