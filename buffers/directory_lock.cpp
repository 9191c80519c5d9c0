#include "buffers/directory_lock.h"

#include "buffers/durable_files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

namespace fs = std::filesystem;

std::string reason(int code) {
  return std::generic_category().message(code);
}

Error unusable(const std::string& directory, const std::string& why) {
  return {Reaction::Fatal, "the buffer directory " + directory + " cannot be used: " + why +
                               "; create it and make it writable for the user that runs the agent,"
                               " or configure another one"};
}

Status make_directory(const std::string& directory) {
  std::error_code failed;
  const fs::path path = fs::absolute(directory, failed).lexically_normal();
  if (failed) {
    return unusable(directory, failed.message());
  }
  fs::path existing = path;
  while (!fs::exists(existing, failed) && existing.has_relative_path()) {
    existing = existing.parent_path();
  }
  fs::create_directories(path, failed);
  if (failed) {
    return unusable(directory, failed.message());
  }
  if (existing != path) {  // what is in messages is nobody else's business
    fs::permissions(path, fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec,
                    failed);
  }
  // A power cut must not take away the directory in which settled blocks are.
  for (fs::path made = path; made != existing && made.has_relative_path();) {
    made = made.parent_path();
    sync_directory(made.string());
  }
  return {};
}

// The process id in the file, or nothing.
std::string read_holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  const std::string_view pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return std::string(pid.substr(0, pid.find_first_not_of("0123456789")));
}

std::string holder(int descriptor) {
  const std::string pid = read_holder(descriptor);
  return pid.empty() ? "another process" : "process " + pid;
}

void write_holder(int descriptor) {
  const std::string pid = std::to_string(::getpid()) + '\n';
  // For the message to others only: on a full disk there may be no room for it.
  if (::ftruncate(descriptor, 0) == 0) {
    static_cast<void>(::pwrite(descriptor, pid.data(), pid.size(), 0) > 0);
  }
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::string& directory) {
  if (Status made = make_directory(directory); !made) {
    return made.error();
  }
  const std::string path = directory + "/buffer.lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return unusable(directory, path + ": " + reason(errno));
  }
  DirectoryLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    lock.held_ = true;
    lock.after_crash_ = !read_holder(descriptor).empty();
    write_holder(descriptor);
    return lock;
  }
  if (errno != EWOULDBLOCK) {
    return unusable(directory, path + ": " + reason(errno));
  }
  return Error{Reaction::Closed, "the buffer directory " + directory + " is in use by " +
                                     holder(descriptor) +
                                     "; stop that agent or configure another directory"};
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) {
    // Whoever finds a process id without a lock knows that the process did not end well. A lock
    // that was never held is not emptied: the other's id is in it.
    if (held_) {
      static_cast<void>(::ftruncate(descriptor_, 0) == 0);
    }
    ::close(descriptor_);
  }
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      held_(other.held_),
      after_crash_(other.after_crash_) {
}

}  // namespace sluice
