// The pages of a database that may be damaged, read past SQLite: every version of every page that
// the database and its log hold. Private to buffers/.
#pragma once

#include "core/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

constexpr std::size_t kRawPageSize = 4096;
using RawPage = std::array<unsigned char, kRawPageSize>;

enum class PageNumber : std::uint32_t {};  // from 1

// Where one version of a page is. What comes first is to be believed first.
struct PageVersion {
  enum class Source {
    Log,         // written since the log began anew, and its checksum is right
    Database,    // what the database holds
    DamagedLog,  // its checksum is wrong, or its transaction has no end
    OldLog,      // from before the log began anew
  };
  Source source = Source::Database;
  PageNumber page{};
  std::uint64_t offset = 0;  // in the file that holds it
};

// One thread. Needs twelve bytes for each page in the log.
class DamagedPages {
 public:
  // Either file may be missing, empty, cut short or full of anything. An error is one of the disk.
  static Result<DamagedPages> open(const std::string& database, const std::string& log);

  DamagedPages(DamagedPages&& other) noexcept;
  DamagedPages& operator=(DamagedPages&& other) noexcept;
  DamagedPages(const DamagedPages&) = delete;
  DamagedPages& operator=(const DamagedPages&) = delete;
  ~DamagedPages();

  // The first page behind `page` of which there may be something; 0 begins.
  [[nodiscard]] std::optional<PageNumber> next(PageNumber page) const;
  // The one to be believed first comes first.
  [[nodiscard]] std::vector<PageVersion> versions(PageNumber page) const;
  // Pages at the end of the log that SQLite does not see: an unfinished transaction, or everything
  // behind a damaged place. The oldest comes first.
  [[nodiscard]] std::vector<PageVersion> unread() const;
  // The log has a header, and it is wrong. SQLite takes the log for empty then.
  [[nodiscard]] bool has_bad_log_header() const;

  // False: there are no bytes at that place. What is missing at the end of a page reads as 0.
  Result<bool> read(const PageVersion& version, RawPage& into) const;

 private:
  class Files;
  explicit DamagedPages(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

// Big-endian, as everything in these files is.
std::uint32_t big_endian_32(const unsigned char* bytes);

}  // namespace sluice
