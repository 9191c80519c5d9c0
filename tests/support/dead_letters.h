// The dead letters of a buffer whose store thread runs. Every function waits for that thread.
#pragma once

#include "buffers/inspection.h"
#include "buffers/sqlite_buffer.h"
#include "core/block.h"
#include "core/result.h"

#include <cstddef>
#include <vector>

namespace sluice::testing_support {

// The oldest that come after `after`, in the order in which they died, at most `most` of them.
Result<std::vector<DeadEntry>> list_dead_letters(SqliteBuffer& buffer, DeadId after,
                                                 std::size_t most);

Result<BlockPtr> read_dead_letter(SqliteBuffer& buffer, DeadId id);
Status requeue_dead_letter(SqliteBuffer& buffer, DeadId id);
Status forget_dead_input(SqliteBuffer& buffer, DeadId id);
Status drop_dead_letter(SqliteBuffer& buffer, DeadId id);

}  // namespace sluice::testing_support
