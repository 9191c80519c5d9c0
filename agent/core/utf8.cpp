#include "core/utf8.h"

namespace sluice {

std::optional<std::size_t> character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) {
    return 1;
  }
  std::size_t length = 2;
  if (lead >= 0xE0) {
    length = lead >= 0xF0 ? 4 : 3;
  }
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues_character(text[i])) {
      return std::nullopt;
    }
  }
  // Written longer than needed, a surrogate, or beyond the last character.
  const auto second = static_cast<unsigned char>(text[1]);
  const bool invalid = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                       (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return invalid ? std::nullopt : std::optional(length);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = character_length(text);
    if (!length) {
      return false;
    }
    text.remove_prefix(*length);
  }
  return true;
}

}  // namespace sluice
