// Reads everything that can still be read out of the pages of a damaged file. Private to buffers/.
#pragma once

#include "buffers/btree_page.h"
#include "buffers/damaged_pages.h"
#include "buffers/found_rows.h"
#include "buffers/salvaged_file.h"
#include "core/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

// The number of the last transaction among these pages; 0 if none tells.
Result<std::uint64_t> newest_tick(const DamagedPages& pages,
                                  const std::vector<PageVersion>& versions);

// Trees are not followed: each page is looked at by itself, and the checksum of a block decides
// whether what looks like one is one. Rows of pages that are in use come first, then what earlier
// versions of pages and pages that are free again still show.
//
// One thread. Holds one block in memory, and a few bytes for each page that may hold rows.
class Carver {
 public:
  // All of them outlive the carver.
  Carver(const DamagedPages& pages, FoundRows& rows, SalvagedFile& into);

  // An error is one of the disk, or of `into`.
  Status carve();

  [[nodiscard]] std::uint64_t salvaged() const { return salvaged_; }  // blocks
  // Blocks that could be read, but for which there was no room.
  [[nodiscard]] std::uint64_t left_behind() const { return left_behind_; }

 private:
  enum class Pass { InUse, Remains };
  // Which version of the pages on which a row goes on is taken.
  enum class Chain { Trusted, Database, Contemporary };

  Status carve_small_tables();
  Status carve_small_tables(PageNumber page);
  Status take_cells(const PageVersion& version, bool newest);
  Status take_row(const TreeCell& cell, const PageVersion& version);
  Status take_entry(const TreeCell& cell, const PageVersion& version, bool newest);

  Status find_free_pages();
  void note_free_pages(const RawPage& trunk);
  void note_free(PageNumber page);
  Status carve_blocks(Pass pass);
  Status carve_blocks(PageNumber page, Pass pass);
  Status carve_page(const PageVersion& version, Pass pass);
  Status carve_cell(const TreeCell& cell, const PageVersion& version, Pass pass);
  Status take_block(const FoundBlockRow& block, Pass pass);
  Status carve_dead(const TreeCell& cell, const PageRecord& columns, const PageVersion& version);

  [[nodiscard]] bool is_free(PageNumber page) const;
  // False: some page of the row is missing. The record is in `record_` then, as far as it goes.
  Result<bool> assemble(const TreeCell& cell, const PageVersion& version, Chain chain);
  [[nodiscard]] std::vector<PageVersion> versions_for(PageNumber page, const PageVersion& start,
                                                      Chain chain) const;

  const DamagedPages& pages_;
  FoundRows& rows_;
  SalvagedFile& into_;
  std::vector<PageNumber> with_rows_;  // pages of which some version may hold rows of tables
  std::vector<bool> free_;             // by number
  std::string record_;                 // kept for its capacity
  std::uint64_t salvaged_ = 0;
  std::uint64_t left_behind_ = 0;
};

}  // namespace sluice
