#include "buffers/carver.h"

#include "buffers/carved_rows.h"

#include <algorithm>
#include <array>
#include <optional>

namespace sluice {

namespace {

// The largest block that can be configured is far smaller, and so is any other row.
constexpr std::uint64_t kLargestRow = 64UL * 1024 * 1024;
constexpr std::uint64_t kLargestSmallRow = 4UL * 1024 * 1024;

using carved::age_of;
using carved::block_of;
using carved::bytes;
using carved::dead_of;
using carved::integer;
using carved::integers;
using carved::looks_like_block;
using carved::looks_like_dead;
using carved::looks_like_meta;
using carved::sound;
using carved::trust_in;

// The newest comes first, also if less is to be expected of it.
std::vector<PageVersion> by_age(std::vector<PageVersion> versions) {
  std::ranges::stable_sort(versions, std::ranges::greater(), age_of);
  return versions;
}

// Ends with the first error.
template <typename Take>
Status take_all(const std::vector<TreeCell>& cells, Take take) {
  for (const TreeCell& cell : cells) {
    if (Status taken = take(cell); !taken) {
      return taken;
    }
  }
  return {};
}

}  // namespace

Result<std::uint64_t> newest_tick(const DamagedPages& pages,
                                  const std::vector<PageVersion>& versions) {
  std::uint64_t newest = 0;
  for (const PageVersion& version : versions) {
    RawPage bytes;
    const Result<bool> read = pages.read(version, bytes);
    if (!read) {
      return read.error();
    }
    for (const TreeCell& cell : *read ? cells_of(bytes, version.page) : std::vector<TreeCell>()) {
      const auto columns = PageRecord::parse(cell.local, cell.payload_size);
      if (columns && looks_like_meta(cell, *columns)) {
        newest = std::max(newest, static_cast<std::uint64_t>(integer(*columns, cell.local, 4)));
      }
    }
  }
  return newest;
}

Carver::Carver(const DamagedPages& pages, FoundRows& rows, SalvagedFile& into)
    : pages_(pages), rows_(rows), into_(into) {
}

Status Carver::carve() {
  if (Status found = find_free_pages(); !found) {
    return found;
  }
  if (Status found = carve_small_tables(); !found) {
    return found;
  }
  rows_.settle();
  if (Status carved = carve_blocks(Pass::InUse); !carved) {
    return carved;
  }
  return carve_blocks(Pass::Remains);
}

Status Carver::carve_small_tables() {
  for (auto page = pages_.next(PageNumber(0)); page; page = pages_.next(*page)) {
    if (Status found = carve_small_tables(*page); !found) {
      return found;
    }
  }
  return {};
}

Status Carver::carve_small_tables(PageNumber page) {
  bool newest = !is_free(page);
  bool with_rows = false;
  for (const PageVersion& version : by_age(pages_.versions(page))) {
    RawPage bytes;
    const Result<bool> read = pages_.read(version, bytes);
    if (!read) {
      return read.error();
    }
    const TreePage kind = *read ? kind_of(bytes, page) : TreePage::Other;
    with_rows = with_rows || kind == TreePage::Table;
    const auto take = [&](const TreeCell& cell) {
      return kind == TreePage::Table ? take_row(cell, version) : take_entry(cell, version, newest);
    };
    if (Status taken = take_all(cells_of(bytes, page), take); !taken) {
      return taken;
    }
    newest = newest && kind == TreePage::Other;
  }
  if (with_rows) {
    with_rows_.push_back(page);
  }
  return {};
}

Status Carver::take_row(const TreeCell& cell, const PageVersion& version) {
  const auto columns = PageRecord::parse(cell.local, cell.payload_size);
  if (!columns || cell.payload_size > kLargestSmallRow) {
    return {};
  }
  const bool meta = looks_like_meta(cell, *columns);
  const bool flow = columns->columns() == 2 && columns->is_null(0) && columns->is_text(1);
  const bool state = columns->columns() == 2 && columns->is_text(0) && columns->is_blob(1);
  if (!meta && !flow && !state) {
    return {};
  }
  const Result<bool> whole = assemble(cell, version, Chain::Trusted);
  if (!whole) {
    return whole.error();
  }
  if (!*whole) {
    return {};
  }
  if (meta) {
    rows_.take_meta(integer(*columns, record_, 2), integer(*columns, record_, 3),
                    integer(*columns, record_, 4));
  } else if (flow) {
    rows_.take_flow(cell.rowid, bytes(*columns, record_, 1));
  } else {
    rows_.take_state(bytes(*columns, record_, 0), bytes(*columns, record_, 1), trust_in(version));
  }
  return {};
}

// Entries of an index, and rows of the tables that SQLite keeps like one.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one step behind the other
Status Carver::take_entry(const TreeCell& cell, const PageVersion& version, bool newest) {
  const auto columns = PageRecord::parse(cell.local, cell.payload_size);
  if (!columns || columns->columns() < 2 || columns->columns() > 4 ||
      cell.payload_size > kLargestSmallRow) {
    return {};
  }
  const Result<bool> whole = assemble(cell, version, Chain::Trusted);
  if (!whole) {
    return whole.error();
  }
  if (!*whole) {
    return {};
  }
  const FlowId flow{integer(*columns, record_, 0)};
  const std::string_view text = columns->is_text(1) ? bytes(*columns, record_, 1) : "";
  switch (columns->columns()) {
    case 2:
      if (columns->is_text(0) && columns->is_integer(1)) {
        rows_.take_flow_entry(bytes(*columns, record_, 0), integer(*columns, record_, 1));
      } else if (newest && integers(*columns, 0, 2) && integer(*columns, record_, 1) > 0) {
        return into_.saw(flow, Sequence(static_cast<std::uint64_t>(integer(*columns, record_, 1))));
      }
      return {};
    case 3:
      if (columns->is_integer(0) && columns->is_text(1) && columns->is_integer(2)) {
        rows_.take_cursor_or_ledger(flow, text, integer(*columns, record_, 2), age_of(version));
      }
      return {};
    default:
      if (newest && columns->is_integer(0) && columns->is_text(1) && integers(*columns, 2, 4)) {
        rows_.take_range(flow, text, integer(*columns, record_, 2), integer(*columns, record_, 3));
      }
      return {};
  }
}

// As far as the list can be followed. It begins in the header of the database: the first of a chain
// of pages, each with the number of the next, a count, and so many numbers of free pages.
Status Carver::find_free_pages() {
  constexpr std::size_t kFirstInHeader = 32;
  RawPage page;
  const auto read_newest = [&](PageNumber number) -> Result<bool> {
    const auto versions = pages_.versions(number);
    return versions.empty() ? Result<bool>(false) : pages_.read(versions.front(), page);
  };
  Result<bool> read = read_newest(PageNumber(1));
  std::size_t next_at = kFirstInHeader;
  while (read && *read) {
    const PageNumber trunk{big_endian_32(&page.at(next_at))};
    next_at = 0;
    if (trunk == PageNumber(0) || is_free(trunk)) {
      return {};
    }
    read = read_newest(trunk);
    if (read && *read) {
      note_free(trunk);
      note_free_pages(page);
    }
  }
  return read ? Status() : read.error();
}

void Carver::note_free_pages(const RawPage& trunk) {
  constexpr std::size_t kFirst = 8;
  const std::size_t count = std::min<std::size_t>(big_endian_32(&trunk.at(4)),
                                                  (kRawPageSize - kFirst) / sizeof(std::uint32_t));
  for (std::size_t i = 0; i < count; ++i) {
    note_free(PageNumber(big_endian_32(&trunk.at(kFirst + i * sizeof(std::uint32_t)))));
  }
}

// A number that no page has is damage, and not worth memory.
void Carver::note_free(PageNumber page) {
  const auto number = static_cast<std::uint32_t>(page);
  if (!pages_.versions(page).empty()) {
    free_.resize(std::max<std::size_t>(free_.size(), std::size_t{number} + 1));
    free_[number] = true;
  }
}

bool Carver::is_free(PageNumber page) const {
  const auto number = static_cast<std::uint32_t>(page);
  return number < free_.size() && free_[number];
}

Status Carver::carve_blocks(Pass pass) {
  for (const PageNumber page : with_rows_) {
    if (Status carved = carve_blocks(page, pass); !carved) {
      return carved;
    }
  }
  return {};
}

Status Carver::carve_blocks(PageNumber page, Pass pass) {
  bool in_use = !is_free(page);
  for (const PageVersion& version : pages_.versions(page)) {
    if (in_use == (pass == Pass::InUse)) {
      if (Status carved = carve_page(version, pass); !carved) {
        return carved;
      }
    }
    in_use = false;
  }
  return {};
}

Status Carver::carve_page(const PageVersion& version, Pass pass) {
  RawPage bytes;
  const Result<bool> read = pages_.read(version, bytes);
  if (!read) {
    return read.error();
  }
  if (!*read || kind_of(bytes, version.page) != TreePage::Table) {
    return {};
  }
  for (const TreeCell& cell : cells_of(bytes, version.page)) {
    if (Status carved = carve_cell(cell, version, pass); !carved) {
      return carved;
    }
  }
  return {};
}

Status Carver::carve_cell(const TreeCell& cell, const PageVersion& version, Pass pass) {
  const auto columns = PageRecord::parse(cell.local, cell.payload_size);
  if (!columns || cell.payload_size > kLargestRow) {
    return {};
  }
  if (looks_like_dead(*columns)) {
    return carve_dead(cell, *columns, version);
  }
  if (!looks_like_block(*columns)) {
    return {};
  }
  for (const Chain chain : {Chain::Trusted, Chain::Database, Chain::Contemporary}) {
    const Result<bool> whole = assemble(cell, version, chain);
    if (!whole) {
      return whole.error();
    }
    const FoundBlockRow row = block_of(cell.rowid, *columns, record_);
    if (*whole && sound(row)) {
      return take_block(row, pass);
    }
    if (cell.overflow == PageNumber(0)) {
      break;
    }
  }
  const FlowId flow{integer(*columns, cell.local, BlockMetadata::Flow)};
  return pass == Pass::InUse && cell.rowid > 0 && rows_.flows().contains(flow)
             ? into_.saw(flow, Sequence(static_cast<std::uint64_t>(cell.rowid)))
             : Status();
}

Status Carver::take_block(const FoundBlockRow& block, Pass pass) {
  const Sequence first{static_cast<std::uint64_t>(block.first())};
  const Sequence last{static_cast<std::uint64_t>(block.last())};
  rows_.saw(last);
  if (rows_.confirmed(block.flow(), first, last)) {
    if (pass == Pass::InUse) {
      rows_.count_delivered(
          block.flow(), static_cast<std::uint64_t>(block.metadata.columns[BlockMetadata::Count]));
    }
    return {};
  }
  // What is no longer in use may have been removed long ago. Only the cursors tell.
  if (pass == Pass::Remains && !rows_.knows_cursors_of(block.flow())) {
    const Result<bool> listed = into_.has_seen(first);
    if (!listed || !*listed) {
      return listed ? Status() : listed.error();
    }
  }
  const Result<SalvagedFile::Added> added = into_.add(block);
  if (!added) {
    return added.error();
  }
  if (*added == SalvagedFile::Added::Yes) {
    ++salvaged_;
  } else if (*added == SalvagedFile::Added::NoRoom) {
    ++left_behind_;
  }
  return {};
}

Status Carver::carve_dead(const TreeCell& cell, const PageRecord& columns,
                          const PageVersion& version) {
  const Result<bool> whole = assemble(cell, version, Chain::Trusted);
  if (!whole) {
    return whole.error();
  }
  const FoundDeadRow row = dead_of(cell.rowid, columns, record_);
  // One whose data was dropped has the checksum of the data still.
  const bool hollow = row.letter.data.empty() && row.letter.first() > 0;
  if (*whole && sound(row.letter)) {
    rows_.saw(Sequence(static_cast<std::uint64_t>(row.letter.last())));
  }
  return *whole && (hollow || sound(row.letter)) ? into_.add(row) : Status();
}

Result<bool> Carver::assemble(const TreeCell& cell, const PageVersion& version, Chain chain) {
  record_.assign(cell.local);
  PageNumber next = cell.overflow;
  while (record_.size() < cell.payload_size) {
    bool found = false;
    RawPage page;
    for (const PageVersion& candidate : versions_for(next, version, chain)) {
      const Result<bool> read = pages_.read(candidate, page);
      if (!read) {
        return read.error();
      }
      if (*read) {
        found = true;
        break;
      }
    }
    if (!found) {
      return false;
    }
    next = PageNumber(big_endian_32(page.data()));
    const std::size_t more =
        std::min<std::size_t>(kOverflowBytes, cell.payload_size - record_.size());
    record_.append(reinterpret_cast<const char*>(page.data()) + 4, more);
  }
  return true;
}

std::vector<PageVersion> Carver::versions_for(PageNumber page, const PageVersion& start,
                                              Chain chain) const {
  std::vector<PageVersion> versions = pages_.versions(page);
  if (chain == Chain::Database) {
    // Not the one in std::ranges, which Clang 14 cannot read.
    std::stable_partition(versions.begin(), versions.end(), [](const PageVersion& version) {
      return version.source == PageVersion::Source::Database;
    });
  }
  if (chain == Chain::Contemporary) {
    // Written in the same transaction, so not far away in the log.
    const auto distance = [&](const PageVersion& version) {
      constexpr std::uint64_t kElsewhere = ~std::uint64_t{0};
      const bool in_log = version.source != PageVersion::Source::Database;
      return !in_log || start.source == PageVersion::Source::Database
                 ? kElsewhere
                 : std::max(version.offset, start.offset) - std::min(version.offset, start.offset);
    };
    std::ranges::stable_sort(versions, {}, distance);
  }
  return versions;
}

}  // namespace sluice
