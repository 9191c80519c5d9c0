#include "config/files.h"

#include <glob.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace sluice::configuration {

namespace {

constexpr std::size_t kLargestFile = 1024UL * 1024;

// The result of glob(3).
class Matches {
 public:
  // A directory that does not exist holds no match; one that cannot be read may hold some.
  explicit Matches(const std::string& pattern)
      // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment meanwhile
      : outcome_(::glob(pattern.c_str(), 0, fails_unless_absent, &found_)) {}
  ~Matches() { ::globfree(&found_); }
  Matches(const Matches&) = delete;
  Matches& operator=(const Matches&) = delete;

  [[nodiscard]] bool complete() const { return outcome_ == 0 || outcome_ == GLOB_NOMATCH; }
  [[nodiscard]] std::vector<std::string> paths() const {
    return {found_.gl_pathv, found_.gl_pathv + found_.gl_pathc};
  }

 private:
  static int fails_unless_absent(const char* /*path*/, int error) {
    return error == ENOENT || error == ENOTDIR ? 0 : 1;
  }

  glob_t found_{};
  int outcome_;
};

// As a pattern that means nothing but this path.
std::string escaped(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (std::string_view("*?[\\").find(c) != std::string_view::npos) {
      pattern += '\\';
    }
    pattern += c;
  }
  return pattern;
}

}  // namespace

Result<std::string> content_of(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 16UL * 1024> part{};
  while (file && text.size() <= kLargestFile) {
    file.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && !file.good()) {
    return Error{Reaction::Reject,
                 "cannot read the file: " + std::generic_category().message(errno)};
  }
  if (text.size() > kLargestFile) {
    return Error{Reaction::Reject, "the file is larger than 1MiB, which no configuration is"};
  }
  return text;
}

Result<std::vector<std::string>> included_files(const std::string& pattern,
                                                const std::string& from) {
  const std::filesystem::path directory = std::filesystem::path(from).parent_path();
  if (pattern.find_first_of("*?[") == std::string::npos) {
    return std::vector<std::string>{(directory / pattern).lexically_normal().string()};
  }
  const Matches matches((std::filesystem::path(escaped(directory.string())) / pattern).string());
  if (!matches.complete()) {
    return Error{Reaction::Reject, "cannot look for such files: a directory cannot be read"};
  }
  return matches.paths();
}

std::string overlay_of(const std::string& path, const std::string& environment) {
  const std::filesystem::path base(path);
  return (base.parent_path() /
          (base.stem().string() + '.' + environment + base.extension().string()))
      .string();
}

std::string identity_of(const std::string& path) {
  std::error_code absent;
  const std::filesystem::path real = std::filesystem::canonical(path, absent);
  return absent ? path : real.string();
}

}  // namespace sluice::configuration
