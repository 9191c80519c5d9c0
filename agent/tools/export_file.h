// The file that an export writes, and goes on with. Private to tools/.
#pragma once

#include "core/result.h"
#include "tools/frames.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// What a file that was broken off holds.
struct ExportedSoFar {
  std::uint64_t bytes = 0;               // up to the end of the last whole block and its note
  std::optional<std::uint64_t> epoch;    // of the buffer; nothing: the file holds no block
  std::map<std::string, Sequence> last;  // by flow: everything up to here
};

// One thread at a time.
class ExportFile {
 public:
  // An empty name is standard output. Reject: the file is there already and is not to be continued.
  static Result<ExportFile> open(const std::string& name, bool resume);
  ~ExportFile();
  ExportFile(ExportFile&& other) noexcept;
  ExportFile& operator=(ExportFile&& other) = delete;
  ExportFile(const ExportFile&) = delete;
  ExportFile& operator=(const ExportFile&) = delete;

  [[nodiscard]] const ExportedSoFar& so_far() const { return so_far_; }
  Status write(std::string_view bytes);
  Status finish();  // on the disk

 private:
  ExportFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

  Status look();

  int descriptor_;
  std::string name_;
  ExportedSoFar so_far_;
};

}  // namespace sluice
