// SQL text as a sequence of words, for what SQLite does not tell.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

enum class SqlTokenKind { End, Word, Name, Text, Number, Symbol };

struct SqlToken {
  SqlTokenKind kind = SqlTokenKind::End;
  std::string_view text{};  // without the quotes of a Name or Text
  std::size_t at = 0;
};

// Comments and space are left out. The text outlives the tokens.
std::vector<SqlToken> sql_tokens(std::string_view sql);

bool same_word(std::string_view one, std::string_view other);

// Where a bracket is closed that was not opened. An expression with one would reach out of the
// brackets that are put around it.
std::optional<std::size_t> unmatched_bracket(std::string_view sql);

// Words in which `name` stands beside a number, compared or computed with it: "temperature > 30".
std::optional<std::string> use_with_number(std::string_view sql, std::string_view name);

// SELECT * or SELECT t.*
bool selects_everything(std::string_view sql);

}  // namespace sluice
