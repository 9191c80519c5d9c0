#include "tools/export_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

Error failure(const std::string& name, int code) {
  return {Reaction::Retry, name + ": " + std::generic_category().message(code)};
}

}  // namespace

Result<ExportFile> ExportFile::open(const std::string& name, bool resume) {
  if (name.empty()) {
    if (::isatty(STDOUT_FILENO) == 1) {
      return Error{Reaction::Reject,
                   "the export is compressed: name a file with -o, or send it through zstd -d"};
    }
    return ExportFile(::dup(STDOUT_FILENO), "standard output");
  }
  constexpr mode_t kMode = 0640;  // what is in messages is nobody else's business
  const int flags = O_RDWR | O_CLOEXEC | O_CREAT | (resume ? 0 : O_EXCL);
  const int descriptor = ::open(name.c_str(), flags, kMode);
  if (descriptor < 0) {
    if (errno == EEXIST) {
      return Error{Reaction::Reject,
                   name + " is there already: continue it with --resume, or remove it"};
    }
    return failure(name, errno);
  }
  ExportFile file(descriptor, name);
  if (Status seen = resume ? file.look() : Status{}; !seen) {
    return seen.error();
  }
  return file;
}

ExportFile::~ExportFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

ExportFile::ExportFile(ExportFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      name_(std::move(other.name_)),
      so_far_(std::move(other.so_far_)) {
}

// What comes after the last whole block is cut off.
Status ExportFile::look() {
  FrameSplitter frames;
  std::array<char, 64UL * 1024> piece{};
  while (true) {
    const ssize_t size = ::read(descriptor_, piece.data(), piece.size());
    if (size < 0) {
      return failure(name_, errno);
    }
    if (size == 0) {
      break;
    }
    frames.feed({piece.data(), static_cast<std::size_t>(size)});
    while (true) {
      Result<std::optional<FrameSplitter::Frame>> frame = frames.next();
      if (!frame) {
        return Error{Reaction::Reject, name_ + ": " + frame.error().message};
      }
      if (!frame->has_value()) {
        break;
      }
      const FrameNote& note = (*frame)->note;
      so_far_.epoch = note.epoch;
      Sequence& last = so_far_.last[note.flow];
      last = std::max(last, note.last);
    }
  }
  so_far_.bytes = frames.complete_bytes();
  const auto end = static_cast<off_t>(so_far_.bytes);
  if (::ftruncate(descriptor_, end) != 0 || ::lseek(descriptor_, end, SEEK_SET) != end) {
    return failure(name_, errno);
  }
  return {};
}

Status ExportFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(descriptor_, bytes.data(), bytes.size());
    if (size < 0 && errno != EINTR) {
      return failure(name_, errno);
    }
    bytes.remove_prefix(size > 0 ? static_cast<std::size_t>(size) : 0);
  }
  return {};
}

Status ExportFile::finish() {
  // A pipe cannot be synced, and need not be.
  if (::fsync(descriptor_) != 0 && errno != EINVAL && errno != EROFS) {
    return failure(name_, errno);
  }
  return {};
}

}  // namespace sluice
