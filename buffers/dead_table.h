// The rows of the table `dead`. Private to buffers/.
#pragma once

#include "buffers/block_row.h"
#include "buffers/sqlite_buffer.h"
#include "buffers/sqlite_handle.h"
#include "core/block.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/ids.h"
#include "core/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Of what died before it was a line, so that no sink has refused it.
inline constexpr std::string_view kInputSink;

struct DeadRow {
  DeadId id{};
  FlowId flow{};
  std::string sink;
  Sequence first{};
  Sequence last{};
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;  // 0: its data has been dropped, see hollow()
  DeadLetter why;
  Timestamp at;
  BlockPtr block;  // only of find(); null if the row does not match its checksum
};

struct DeadUsage {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
};

// One thread; gone before its connection.
//
// A row without data stays behind when a letter has to be dropped while its block is still held for
// other sinks: when that is removed, it tells that this sink did not get it.
class DeadTable {
 public:
  // `cipher` outlives the table.
  static Result<DeadTable> prepare(sqlite::Connection& connection, BlockCipher& cipher);

  Result<DeadUsage> usage();
  Result<bool> contains(FlowId flow, Sequence first, std::string_view sink);
  Status insert(FlowId flow, std::string_view sink, const Block& block, const DeadLetter& why,
                Timestamp now);
  Result<std::optional<DeadRow>> find(DeadId id, FlowIndex index);
  Result<std::optional<DeadRow>> oldest();  // that has its data
  // Behind `after`, in order, without their blocks. Only those that have their data.
  Result<std::vector<DeadRow>> list(DeadId after, std::size_t most);
  Result<std::vector<std::string>> sinks_of(FlowId flow, Sequence first);

  Status remove(DeadId id);
  Status hollow(DeadId id);  // keeps the row without its data
  Status remove_hollow(FlowId flow, Sequence first);

 private:
  explicit DeadTable(BlockCipher& cipher) : cipher_(&cipher) {}

  BlockCipher* cipher_;

  std::optional<sqlite::Statement> usage_, contains_, insert_, find_, oldest_, list_, sinks_,
      remove_, hollow_, remove_hollow_;
};

}  // namespace sluice
