// What SQLite writes into the pages of its trees: cells and records. For reading pages that SQLite
// itself would refuse. Private to buffers/.
#pragma once

#include "buffers/damaged_pages.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace sluice {

enum class TreePage { Table, Index, Other };  // leaves of tables, all pages of indexes, the rest

// One row or one entry of an index. What does not fit into the page continues elsewhere.
struct TreeCell {
  std::int64_t rowid = 0;          // of a table
  std::uint64_t payload_size = 0;  // of the whole record
  std::string_view local;          // its beginning
  PageNumber overflow{};           // where it goes on; 0 if all of it is here
};

// Pages that are no trees, or of which too little can be made out, are Other.
TreePage kind_of(const RawPage& page, PageNumber number);

// The cells that can be made out, whatever the others look like. The views live as long as `page`.
std::vector<TreeCell> cells_of(const RawPage& page, PageNumber number);

// How many bytes of a record each further page holds.
constexpr std::size_t kOverflowBytes = kRawPageSize - 4;

// Columns of a record. Nothing of it is believed: all reads stay within its bytes.
class PageRecord {
 public:
  // `record` is the beginning of one that has `size` bytes in all. Fails when the header does not
  // add up to that size, or is not in the beginning.
  static std::optional<PageRecord> parse(std::string_view record, std::uint64_t size);

  [[nodiscard]] std::size_t columns() const { return columns_.size(); }
  [[nodiscard]] bool is_null(std::size_t column) const;
  [[nodiscard]] bool is_integer(std::size_t column) const;
  [[nodiscard]] bool is_text(std::size_t column) const;
  [[nodiscard]] bool is_blob(std::size_t column) const;

  // `record` must be the same bytes, or more of them. Nothing if they do not reach that far.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view record,
                                                    std::size_t column) const;
  [[nodiscard]] std::optional<std::string_view> bytes(std::string_view record,
                                                      std::size_t column) const;

 private:
  struct Column {
    std::uint64_t type = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  std::vector<Column> columns_;
};

}  // namespace sluice
