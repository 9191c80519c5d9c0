// Steps that look into texts: parse, redact.
#pragma once

#include "transforms/step.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

enum class TextType : std::uint8_t { Text, Int, Real, Bool };
// As it is written in a configuration: text, int, real, bool.
std::optional<TextType> text_type(std::string_view name);

// The named groups of a regular expression (PCRE2) become fields, and the text that was parsed goes
// unless it is kept. A group that takes no part in the match gives no field; one that is not of its
// type becomes null. A record fails if there is no match (`no_match`) or finding one takes too long
// (`match_limit`); one without the field, or in which it is no text, passes untouched. Reject: the
// pattern is wrong or has no named group, or a type is for a group that is not there.
struct ParseOptions {
  std::string pattern;
  std::string field = "text";                             // what a record that is text has
  std::vector<std::pair<std::string, TextType>> types{};  // by group; all others are texts
  bool keep = false;
};
Result<std::unique_ptr<Step>> make_parse(const ParseOptions& options);

// Takes out what must not leave the device. A value that is not a text is looked at as JSON text,
// and goes as a whole if something is found in it. A record fails if that takes too long
// (`match_limit`), so that nothing slips through. Reject: a pattern is wrong, or there is no key.
struct RedactOptions {
  enum class Find : std::uint8_t { All, Email, Ipv4, Mac, Pattern };
  enum class With : std::uint8_t {
    Hmac,    // 32 hexadecimal digits of the HMAC-SHA256: equal texts stay equal, and only who has
             // the key can find out which text it was
    Mask,    // ***
    Remove,  // nothing; with Find::All the field goes
  };
  std::vector<std::string> fields{};  // none: all
  Find find = Find::All;
  std::string pattern{};  // for Find::Pattern
  With with = With::Mask;
  std::string key{};  // for With::Hmac
};
Result<std::unique_ptr<Step>> make_redact(const RedactOptions& options);

}  // namespace sluice
