// The functions that SQL in a configuration can call.
#pragma once

#include <sqlite3.h>

#include <string_view>

namespace sluice {

// Of the given name, in any case. Not among them: what takes long on purpose or makes large values
// of small ones (printf, randomblob, zeroblob, …), what reaches out of the statement
// (load_extension, …), and random.
bool is_sql_function(std::string_view name);

// Adds those of our own. topic_part(topic, n): the n-th level, counted from 1, or from -1 at the
// end; NULL if there are not as many.
void add_sql_functions(sqlite3* connection);

}  // namespace sluice
