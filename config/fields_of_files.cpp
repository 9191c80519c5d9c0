#include "config/fields.h"
#include "config/rules_of_sinks.h"

namespace sluice::configuration {

using namespace std::chrono_literals;

std::vector<Field> file_fields(FileTransportOptions& file) {
  constexpr std::int64_t kKiB = 1024;
  constexpr std::int64_t kTiB = kKiB * kKiB * kKiB * kKiB;
  constexpr std::int64_t kMostFiles = 1'000'000;
  return {
      text("path", file.path,
           "Of the files, without the number that each gets: /data/records.ndjson")
          .checked(check_file_path)
          .require(),
      size("max_size", file.max_size, {4 * kKiB, kTiB}, "Bytes at which a file is finished."),
      duration("max_age", file.max_age, 1s, 24h * 365, "After which a file is finished.").or_off(),
      integer("keep", file.keep, {0, kMostFiles},
              "How many finished files are kept, the oldest are deleted; 0: all."),
      choice<FileCompression>("compression", file.compression,
                              {{"none", FileCompression::None}, {"zstd", FileCompression::Zstd}},
                              "Of the files."),
  };
}

}  // namespace sluice::configuration
