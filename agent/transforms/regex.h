// Regular expressions, by PCRE2.
#pragma once

#include "core/c_handle.h"
#include "core/result.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Neither a pattern nor a text can make it run for long or take much memory. It is compiled to
// machine code where the system allows that. Bytes that are not UTF-8 match nothing. One thread at
// a time.
class Regex {
 public:
  struct NamedGroup {
    std::string name;
    std::uint32_t number;
  };
  enum class Outcome {
    Match,
    NoMatch,
    Limit,  // it would have taken too long
  };

  // Reject: it is not a pattern; the message shows where.
  static Result<Regex> compile(std::string_view pattern);

  // Looks for the first match at `from` or behind it.
  Outcome find(std::string_view text, std::size_t from = 0);

  // Of the last match, as views of its text; group 0 is all of it. Nothing if the group has taken
  // no part in it.
  [[nodiscard]] std::optional<std::string_view> group(std::uint32_t number) const;
  // In order.
  [[nodiscard]] const std::vector<NamedGroup>& named_groups() const { return named_; }

 private:
  using Code = CHandle<pcre2_code_8, pcre2_code_free_8>;
  using Match = CHandle<pcre2_match_data_8, pcre2_match_data_free_8>;
  using Context = CHandle<pcre2_match_context_8, pcre2_match_context_free_8>;

  Regex(Code code, Match match, Context context);

  Code code_;
  Match match_;
  Context context_;
  std::vector<NamedGroup> named_;
  std::string_view text_;
};

}  // namespace sluice
