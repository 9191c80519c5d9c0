#include "transforms/sql_warnings.h"

#include "transforms/sql_text.h"

namespace sluice {

void add_untyped_use(std::string_view sql, const SqlTable& table, const SqlTypes& types,
                     std::vector<std::string>& warnings) {
  for (const std::string& name : table.names()) {
    if (types.contains(name)) continue;
    if (const auto use = use_with_number(sql, name)) {
      std::string& warning = warnings.emplace_back("in ");
      warning.append(*use).append(", ").append(name);
      warning +=
          " may be a text, which is greater than every number, or an integer, which divides "
          "without a rest: declare it under types, for example as real";
    }
  }
}

void add_never_seen(const SqlTable& table, std::vector<std::string>& warnings) {
  for (const std::string& name : table.never_seen()) {
    std::string& warning = warnings.emplace_back("no record has had a field ");
    warning.append(name).append(" so far; a text is written in single quotes: '");
    warning.append(name).append("'");
  }
}

}  // namespace sluice
