#include "transforms/regex.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace sluice {
namespace {

// About a millisecond, and more than any sensible pattern needs for a line of a log.
constexpr std::uint32_t kMostSteps = 100'000;
constexpr std::uint32_t kMostHeapKiB = 1024;
constexpr std::uint32_t kOptions =
    PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;

std::string words_for(int error) {
  std::array<PCRE2_UCHAR8, 256> words{};
  const int size = pcre2_get_error_message_8(error, words.data(), words.size());
  return {words.begin(), words.begin() + std::max(size, 0)};
}

// The table has lines of one size: two bytes of number, the name, a zero.
std::vector<Regex::NamedGroup> named_groups_of(const pcre2_code_8* code) {
  std::uint32_t count = 0;
  std::uint32_t line = 0;
  const PCRE2_UCHAR8* table = nullptr;
  pcre2_pattern_info_8(code, PCRE2_INFO_NAMECOUNT, &count);
  pcre2_pattern_info_8(code, PCRE2_INFO_NAMEENTRYSIZE, &line);
  pcre2_pattern_info_8(code, PCRE2_INFO_NAMETABLE, &table);
  std::vector<Regex::NamedGroup> groups;
  for (; count > 0; --count, table += line) {
    const PCRE2_UCHAR8* const name = table + 2;
    const PCRE2_UCHAR8* const end = std::find(name, table + line, '\0');
    groups.push_back(
        {std::string(name, end), static_cast<std::uint32_t>(table[0]) << 8U | table[1]});
  }
  std::ranges::sort(groups, {}, &Regex::NamedGroup::number);
  return groups;
}

}  // namespace

Regex::Regex(Code code, Match match, Context context)
    : code_(std::move(code)),
      match_(std::move(match)),
      context_(std::move(context)),
      named_(named_groups_of(code_.get())) {
}

Result<Regex> Regex::compile(std::string_view pattern) {
  int error = 0;
  std::size_t at = 0;
  Code code(pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(pattern.data()), pattern.size(), kOptions,
                            &error, &at, nullptr));
  if (!code) {
    return Error{Reaction::Reject, "the pattern is wrong behind \"" +
                                       std::string(pattern.substr(0, at)) +
                                       "\": " + words_for(error)};
  }
  Match match(pcre2_match_data_create_from_pattern_8(code.get(), nullptr));
  Context context(pcre2_match_context_create_8(nullptr));
  if (!match || !context) {
    throw std::bad_alloc();
  }
  pcre2_set_match_limit_8(context.get(), kMostSteps);
  pcre2_set_heap_limit_8(context.get(), kMostHeapKiB);
  // Where memory must not be both written and executed this fails, and the pattern is interpreted.
  static_cast<void>(pcre2_jit_compile_8(code.get(), PCRE2_JIT_COMPLETE));
  return Regex(std::move(code), std::move(match), std::move(context));
}

Regex::Outcome Regex::find(std::string_view text, std::size_t from) {
  text_ = text;
  const int found = pcre2_match_8(code_.get(), reinterpret_cast<PCRE2_SPTR8>(text.data()),
                                  text.size(), from, 0, match_.get(), context_.get());
  if (found > 0) {
    return Outcome::Match;
  }
  return found == PCRE2_ERROR_NOMATCH ? Outcome::NoMatch : Outcome::Limit;
}

std::optional<std::string_view> Regex::group(std::uint32_t number) const {
  const std::size_t* const bounds = pcre2_get_ovector_pointer_8(match_.get());
  const std::size_t begin = bounds[2UL * number];
  const std::size_t end = bounds[2UL * number + 1];
  return begin != PCRE2_UNSET && begin <= end ? std::optional(text_.substr(begin, end - begin))
                                              : std::nullopt;
}

}  // namespace sluice
