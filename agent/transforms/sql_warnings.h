// What SQL allows and its author probably does not mean.
#pragma once

#include "transforms/sql_options.h"
#include "transforms/sql_table.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// A field of which nobody said that it is a number is compared or computed with one: 'n/a' > 30 is
// true.
void add_untyped_use(std::string_view sql, const SqlTable& table, const SqlTypes& types,
                     std::vector<std::string>& warnings);

// A column that was in no record so far: "ok" is a column, 'ok' a text.
void add_never_seen(const SqlTable& table, std::vector<std::string>& warnings);

}  // namespace sluice
