#include "buffers/encryption_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <optional>

namespace sluice {

namespace {

constexpr std::size_t kHexDigits = 2 * EncryptionKey::kSize;
constexpr std::size_t kBase64Digits = 43;  // and one '=', which may be missing

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::optional<unsigned char> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') {
    return static_cast<unsigned char>(digit - '0');
  }
  const char lower = static_cast<char>(digit | 0x20);
  if (lower >= 'a' && lower <= 'f') {
    return static_cast<unsigned char>(lower - 'a' + 10);
  }
  return std::nullopt;
}

std::optional<EncryptionKey> from_hex(std::string_view text) {
  EncryptionKey key;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) {
    const auto high = hex_digit(text[2 * i]);
    const auto low = hex_digit(text[2 * i + 1]);
    if (!high || !low) {
      return std::nullopt;
    }
    key.bytes.at(i) = static_cast<unsigned char>(*high << 4U | *low);
  }
  return key;
}

std::optional<EncryptionKey> from_base64(std::string_view text) {
  constexpr std::size_t kPadded = kBase64Digits + 1;
  constexpr std::size_t kDecoded = 33;  // with the zero that stands for the padding
  std::array<unsigned char, kPadded> digits{};
  std::ranges::copy(text, digits.begin());
  digits.back() = '=';
  std::array<unsigned char, kDecoded> bytes{};
  if (EVP_DecodeBlock(bytes.data(), digits.data(), kPadded) != static_cast<int>(kDecoded)) {
    return std::nullopt;
  }
  EncryptionKey key;
  std::copy_n(bytes.begin(), key.bytes.size(), key.bytes.begin());
  return key;
}

std::optional<EncryptionKey> decoded(std::string_view text) {
  if (text.size() == kHexDigits) {
    return from_hex(text);
  }
  if (text.size() == kBase64Digits + 1 && text.back() == '=') {
    text.remove_suffix(1);
  }
  return text.size() == kBase64Digits ? from_base64(text) : std::nullopt;
}

}  // namespace

Result<EncryptionKey> parse_encryption_key(std::string_view text) {
  if (const auto key = decoded(trimmed(text))) {
    return *key;
  }
  return Error{Reaction::Fatal,
               "is not a key: it must be 32 random bytes, as 64 hexadecimal digits or in base64;"
               " `openssl rand -hex 32` makes one"};
}

}  // namespace sluice
