// Does something with every dead letter that a request is about. Private to tools/.
#pragma once

#include "admin/exchange.h"
#include "buffers/sqlite_buffer.h"
#include "tools/dead_letter_filter.h"
#include "tools/input_retry.h"

#include <memory>

namespace sluice {

// The answer comes when all is done, and counts the outcomes. `buffer` and `retry` outlive it, and
// whatever it has begun. Without `retry`, letters that no sink has seen are refused.
std::unique_ptr<AdminBody> retry_dead_letters(SqliteBuffer& buffer, DeadFilter filter,
                                              InputRetry* retry);
std::unique_ptr<AdminBody> drop_dead_letters(SqliteBuffer& buffer, DeadFilter filter);

}  // namespace sluice
