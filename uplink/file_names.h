// Which files a file sink has, by their names.
#pragma once

#include "core/result.h"
#include "uplink/file_transport.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace sluice {

// For /data/records.ndjson:
//   /data/records.ndjson.part       the one that grows
//   /data/records-00000042.ndjson   finished ones, in the order of their numbers
//   /data/.records.ndjson.state     what has been written; see file_state.h
// Compressed ones end in .ndjson.zst; the state is one for both. Immutable.
class FileNames {
 public:
  explicit FileNames(const FileTransportOptions& options);

  [[nodiscard]] const std::string& directory() const { return directory_; }
  [[nodiscard]] const std::string& part() const { return part_; }
  [[nodiscard]] const std::string& state() const { return state_; }
  [[nodiscard]] std::string finished(std::uint64_t number) const;

  // The numbers of the finished files that are there, rising. Nothing else is in the list: files
  // of others in the same directory are never touched.
  [[nodiscard]] Result<std::vector<std::uint64_t>> numbers() const;

 private:
  std::string directory_;
  std::string stem_;       // records
  std::string extension_;  // .ndjson or .ndjson.zst
  std::string part_;
  std::string state_;
};

}  // namespace sluice
