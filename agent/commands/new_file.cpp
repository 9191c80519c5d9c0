#include "commands/new_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace sluice {

namespace {

constexpr mode_t kMode = 0640;

Error failure(const std::string& path, int error) {
  std::string text =
      "cannot write " + path + ": " + std::error_code(error, std::generic_category()).message();
  if (error == ENOENT || error == ENOTDIR) {
    text += "; make the directory first, or name another file";
  } else if (error == EACCES || error == EROFS) {
    text += "; name another file, or be somebody who may write there";
  } else if (error == EEXIST) {
    text += "; name another file, or replace it with --force";
  }
  return {Reaction::Reject, std::move(text)};
}

// 0, or what went wrong.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return errno;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return ::fchmod(file, kMode) == 0 && ::fsync(file) == 0 ? 0 : errno;
}

// A link, unlike a rename, does not replace what is there.
int put_in_place(const std::string& from, const std::string& to, IfThere if_there) {
  if (if_there == IfThere::Replace) {
    return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
  }
  return ::link(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

}  // namespace

Status write_new_file(const std::string& path, const std::string& text, IfThere if_there) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  std::string draft = (parent.empty() ? "." : parent.string()) + "/.sluice-XXXXXX";
  const int file = ::mkstemp(draft.data());
  if (file < 0) {
    return failure(path, errno);
  }
  int error = write_all(file, text);
  ::close(file);
  if (error == 0) {
    error = put_in_place(draft, path, if_there);
  }
  ::unlink(draft.c_str());  // gone already if it has been renamed
  return error == 0 ? Status() : failure(path, error);
}

}  // namespace sluice
