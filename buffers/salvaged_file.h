// The file that takes the place of a damaged one, while it is filled. Private to buffers/.
#pragma once

#include "buffers/block_checksum.h"
#include "buffers/found_rows.h"
#include "buffers/sqlite_handle.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// A row of `block` whose checksum is right.
struct FoundBlockRow {
  BlockMetadata metadata;
  std::int64_t crc = 0;
  std::string_view data;

  [[nodiscard]] FlowId flow() const { return FlowId(metadata.columns[BlockMetadata::Flow]); }
  [[nodiscard]] std::int64_t first() const { return metadata.columns[BlockMetadata::Id]; }
  [[nodiscard]] std::int64_t last() const {
    return first() + metadata.columns[BlockMetadata::Count] - 1 + metadata.skipped;
  }
};

// The same of `dead`.
struct FoundDeadRow {
  std::int64_t id = 0;
  FoundBlockRow letter;
  std::int64_t at = 0;
  std::string_view sink, reason, detail;
};

// What has become of the records of all flows.
struct Losses {
  std::uint64_t blocks = 0;
  std::uint64_t records = 0;
};

// Nothing is kept in memory. The file is of no use until finish() has succeeded; after an error it
// is to be deleted. One thread.
class SalvagedFile {
 public:
  // `room`: the file should not become larger than that by blocks.
  static Result<SalvagedFile> create(const std::string& path, const char* vfs, std::uint64_t room);

  // The damaged file says that it holds such a block.
  Status saw(FlowId flow, Sequence first);
  Result<bool> has_seen(Sequence first);

  enum class Added { Yes, Known, NoRoom };  // Known: this block, or one that overlaps it
  Result<Added> add(const FoundBlockRow& block);
  Status add(const FoundDeadRow& dead);

  // Writes the small tables, notes in the ledger what is missing, and closes the file when all of
  // it is on the disk.
  Result<Losses> finish(FoundRows& rows);

 private:
  SalvagedFile(std::string path, sqlite::Connection connection, std::uint64_t room);
  Status prepare();
  Result<std::vector<FlowId>> flows();
  Status write_flows(FoundRows& rows);
  Status write_confirmed(const FoundRows& rows);
  Status write_rest(const FoundRows& rows);
  Result<std::uint64_t> balance(const FoundRows& rows);
  Result<std::uint64_t> balance(FlowId flow, const Ledger& known);
  Status write_ledger(FlowId flow, std::string_view what, std::uint64_t records);
  Result<std::uint64_t> missing_blocks(const FoundRows& rows);
  Status close();

  std::string path_;
  std::optional<sqlite::Connection> connection_;
  std::uint64_t room_;
  std::optional<sqlite::Statement> saw_, seen_, neighbour_, insert_, insert_dead_, pages_;
};

}  // namespace sluice
