// The key of a buffer that is encrypted at rest, as it is written in a configuration.
#pragma once

#include "core/result.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace sluice {

struct EncryptionKey {
  static constexpr std::size_t kSize = 32;
  std::array<unsigned char, kSize> bytes{};
};

// 64 hexadecimal digits, or 32 bytes in base64; space around it is ignored. Fatal, with the second
// half of a sentence that begins with the value and never repeats it: anything else. A pass phrase
// is not taken: it would have to be stretched, and would still be guessed more easily than a key.
Result<EncryptionKey> parse_encryption_key(std::string_view text);

}  // namespace sluice
