// The records that a destination will never take: to look at them, to send them once more, to drop
// them. For tools; every function waits for the store thread and must not be called on it.
#pragma once

#include "buffers/sqlite_buffer.h"
#include "core/block.h"
#include "core/result.h"

#include <cstddef>
#include <vector>

namespace sluice {

// The oldest that come after `after`, in the order in which they died, at most `most` of them.
Result<std::vector<DeadEntry>> list_dead_letters(SqliteBuffer& buffer, DeadId after,
                                                 std::size_t most);

// The record itself. Reject: there is none with this id, or it is damaged.
Result<BlockPtr> read_dead_letter(SqliteBuffer& buffer, DeadId id);

// Puts the record back under its own sequence; the sink that refused it is handed it out again when
// it asks for the oldest block, and nobody else is. It is a dead letter no longer. Reject: there is
// none with this id, it is damaged, or its flow or sink is not configured.
Status requeue_dead_letter(SqliteBuffer& buffer, DeadId id);

// For good. Reject: there is none with this id.
Status drop_dead_letter(SqliteBuffer& buffer, DeadId id);

}  // namespace sluice
