#include "buffers/block_cipher.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

const std::string kKey = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const std::string kOther = std::string(64, 'a');

BlockCipher cipher(const std::string& key, const std::vector<std::string>& old_keys = {}) {
  return *BlockCipher::make(key, old_keys);
}

TEST(EncryptionKeyTest, IsTheSameInHexadecimalDigitsAndInBase64) {
  const auto key = parse_encryption_key(kKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->bytes[0], 0);
  EXPECT_EQ(key->bytes[31], 31);
  for (const char* other : {"000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
                            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                            " AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"}) {
    const auto same = parse_encryption_key(other);
    ASSERT_TRUE(same) << other;
    EXPECT_EQ(same->bytes, key->bytes) << other;
  }
}

TEST(EncryptionKeyTest, RefusesEverythingElseAndSaysHowToMakeOne) {
  for (const std::string& text :
       {std::string(), std::string("a pass phrase"), kKey.substr(1), kKey + "0",
        std::string(63, '0') + "g", std::string(43, '!'), std::string(44, 'A')}) {
    const auto key = parse_encryption_key(text);
    ASSERT_FALSE(key) << text;
    EXPECT_NE(key.error().message.find("openssl rand -hex 32"), std::string::npos);
    EXPECT_TRUE(text.empty() || key.error().message.find(text) == std::string::npos);
  }
}

TEST(BlockCipherTest, OpensWhatItHasSealed) {
  BlockCipher ours = cipher(kKey);
  for (const std::size_t size : {0UL, 1UL, 16UL, 100'000UL}) {
    const std::string plain(size, 'p');
    const std::string sealed(*ours.seal("id", plain));
    EXPECT_EQ(sealed.size(), BlockCipher::kNonceSize + size + BlockCipher::kTagSize);
    EXPECT_EQ(*ours.open(ours.mark(), "id", sealed), plain);
  }
}

TEST(BlockCipherTest, TheSameTextNeverLooksTheSameTwice) {
  BlockCipher ours = cipher(kKey);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    seen.emplace(*ours.seal("id", "plain"));
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(BlockCipherTest, OpensNothingThatWasChanged) {
  BlockCipher ours = cipher(kKey);
  const std::string sealed(*ours.seal("id", "plain text"));
  EXPECT_FALSE(ours.open(ours.mark(), "another id", sealed));
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(ours.open(ours.mark(), "id", changed)) << i;
    EXPECT_FALSE(ours.open(ours.mark(), "id", sealed.substr(0, i))) << i;
  }
  EXPECT_TRUE(ours.open(ours.mark(), "id", sealed));
}

TEST(BlockCipherTest, TellsKeysApartAndReadsWithOldOnes) {
  BlockCipher before = cipher(kOther);
  const std::string sealed(*before.seal("id", "plain"));
  BlockCipher wrong = cipher(kKey);
  EXPECT_NE(before.mark(), wrong.mark());
  EXPECT_FALSE(wrong.can_open(before.mark()));
  EXPECT_FALSE(wrong.open(before.mark(), "id", sealed));
  EXPECT_FALSE(wrong.open(wrong.mark(), "id", sealed));

  BlockCipher rotated = cipher(kKey, {kOther});
  EXPECT_EQ(rotated.mark(), wrong.mark());
  EXPECT_EQ(*rotated.open(before.mark(), "id", sealed), "plain");
  BlockCipher off = cipher("", {kOther});
  EXPECT_EQ(off.mark(), SealMark::None);
  EXPECT_EQ(*off.open(before.mark(), "id", sealed), "plain");
}

TEST(BlockCipherTest, WithoutAKeyEverythingStaysAsItIs) {
  BlockCipher none;
  EXPECT_EQ(none.mark(), SealMark::None);
  EXPECT_EQ(*none.seal("id", "plain"), "plain");
  EXPECT_EQ(*none.open(SealMark::None, "id", "plain"), "plain");
}

std::string from_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

// Made with the Python package cryptography. A file must be readable by a processor that prefers
// the other algorithm, and by a later version.
TEST(BlockCipherTest, OpensWhatEitherAlgorithmHasSealedElsewhere) {
  BlockCipher ours = cipher(kKey);
  constexpr std::uint64_t kKeyId = 0xe90d43ed;
  const std::string nonce = from_hex("000102030405060708090a0b");
  const std::string aes = nonce + from_hex("376eb772abb269647a0fe5a038c05effeefde0615d");
  const std::string chacha = nonce + from_hex("f997696947d96cf120ffe6b459e09b7d5b4461c012");
  EXPECT_EQ(*ours.open(SealMark(kKeyId << 8U | 1U), "id", aes), "plain");
  EXPECT_EQ(*ours.open(SealMark(kKeyId << 8U | 2U), "id", chacha), "plain");
  EXPECT_FALSE(ours.can_open(SealMark(kKeyId << 8U | 3U)));
  EXPECT_EQ(to_text(ours.mark()), "e90d43ed");
}

TEST(BlockCipherTest, RefusesAKeyThatIsNone) {
  const auto refused = BlockCipher::make("secret", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_FALSE(BlockCipher::make("", {"secret"}));
}

}  // namespace
}  // namespace sluice
