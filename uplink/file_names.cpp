#include "uplink/file_names.h"

#include "uplink/file_handle.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>

namespace sluice {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDigits = 8;

}  // namespace

FileNames::FileNames(const FileTransportOptions& options) {
  const fs::path path = fs::path(options.path).lexically_normal();
  const std::string compressed = options.compression == FileCompression::Zstd ? ".zst" : "";
  directory_ = path.parent_path();
  stem_ = path.stem();
  extension_ = path.extension().string() + compressed;
  part_ = path.string() + compressed + ".part";
  state_ = directory_ + "/." + path.filename().string() + ".state";
}

std::string FileNames::finished(std::uint64_t number) const {
  const std::string digits = std::to_string(number);
  const std::string zeros(digits.size() < kDigits ? kDigits - digits.size() : 0, '0');
  return directory_ + '/' + stem_ + '-' + zeros + digits + extension_;
}

Result<std::vector<std::uint64_t>> FileNames::numbers() const {
  std::vector<std::uint64_t> found;
  std::error_code failure;
  for (fs::directory_iterator entry(directory_, failure), end; !failure && entry != end;
       entry.increment(failure)) {
    const std::string name = entry->path().filename();
    const std::string prefix = stem_ + '-';
    if (name.size() <= prefix.size() + extension_.size() || !name.starts_with(prefix) ||
        !name.ends_with(extension_)) {
      continue;
    }
    const std::string_view digits = std::string_view(name).substr(
        prefix.size(), name.size() - prefix.size() - extension_.size());
    std::uint64_t number = 0;
    const auto [rest, wrong] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    // Exactly as finished() writes it, or it is somebody else's.
    if (wrong == std::errc{} && rest == digits.data() + digits.size() &&
        finished(number) == directory_ + '/' + name) {
      found.push_back(number);
    }
  }
  if (failure) {
    return file_error("list", directory_, failure.value());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace sluice
