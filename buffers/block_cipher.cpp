#include "buffers/block_cipher.h"

#include "core/c_handle.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace sluice {

namespace {

using Context = CHandle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

// The numbers are part of the file format.
enum class Algorithm : std::uint8_t { Aes256Gcm = 1, ChaCha20Poly1305 = 2 };
constexpr std::array kAlgorithms{Algorithm::Aes256Gcm, Algorithm::ChaCha20Poly1305};

const EVP_CIPHER* cipher_of(Algorithm algorithm) {
  return algorithm == Algorithm::Aes256Gcm ? EVP_aes_256_gcm() : EVP_chacha20_poly1305();
}

// Without instructions for it, AES is several times slower than ChaCha20.
bool has_aes_instructions() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("aes") != 0 && __builtin_cpu_supports("pclmul") != 0;
#elif defined(__aarch64__)
  return (getauxval(AT_HWCAP) & HWCAP_AES) != 0;
#else
  return false;
#endif
}

// Tells keys apart without saying anything about them: a hash of 256 random bits.
Result<std::uint32_t> id_of(const EncryptionKey& key) {
  std::string text = "sluice buffer key";
  for (const unsigned char byte : key.bytes) {
    text += static_cast<char>(byte);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  if (EVP_Digest(text.data(), text.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return Error{Reaction::Fatal, "OpenSSL has no SHA-256"};
  }
  return std::uint32_t{hash[0]} << 24U | std::uint32_t{hash[1]} << 16U |
         std::uint32_t{hash[2]} << 8U | std::uint32_t{hash[3]};
}

SealMark mark_of(std::uint32_t key, Algorithm algorithm) {
  return SealMark(std::uint64_t{key} << 8U | static_cast<std::uint64_t>(algorithm));
}

enum class Direction : int { Open = 0, Seal = 1 };  // as EVP_CipherInit_ex takes them

// The key is set up once: that costs as much as sealing a small block.
Result<Context> prepare(const EncryptionKey& key, Algorithm algorithm, Direction direction) {
  Context context(EVP_CIPHER_CTX_new());
  if (context == nullptr ||
      EVP_CipherInit_ex(context.get(), cipher_of(algorithm), nullptr, key.bytes.data(), nullptr,
                        static_cast<int>(direction)) != 1) {
    return Error{Reaction::Fatal, "OpenSSL cannot encrypt the buffer: it lacks the algorithm"};
  }
  return context;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

// From a nonce to everything but the tag. EVP takes sizes as int; SQLite's largest value is smaller
// than that.
bool transform(EVP_CIPHER_CTX* context, const unsigned char* nonce, std::string_view associated,
               std::string_view from, unsigned char* to) {
  int size = 0;
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce, -1) == 1 &&
         EVP_CipherUpdate(context, nullptr, &size, bytes_of(associated),
                          static_cast<int>(associated.size())) == 1 &&
         EVP_CipherUpdate(context, to, &size, bytes_of(from), static_cast<int>(from.size())) == 1;
}

}  // namespace

std::string to_text(SealMark mark) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text;
  for (unsigned shift = 36; shift >= 8; shift -= 4) {
    text += kHex[(static_cast<std::uint64_t>(mark) >> shift) & 0xFU];
  }
  return text;
}

class BlockCipher::Keys {
 public:
  Status add(const std::string& text, const char* name) {
    const Result<EncryptionKey> key = parse_encryption_key(text);
    if (!key) {
      return Error{Reaction::Fatal, std::string(name) + " " + key.error().message};
    }
    const Result<std::uint32_t> id = id_of(*key);
    if (!id) {
      return id.error();
    }
    for (const Algorithm algorithm : kAlgorithms) {
      Result<Context> context = prepare(*key, algorithm, Direction::Open);
      if (!context) {
        return context.error();
      }
      openers.emplace(mark_of(*id, algorithm), *std::move(context));
    }
    return {};
  }

  Status seal_with(const std::string& text) {
    if (Status added = add(text, "encryption_key"); !added) {
      return added;
    }
    const EncryptionKey key = *parse_encryption_key(text);
    const Algorithm algorithm =
        has_aes_instructions() ? Algorithm::Aes256Gcm : Algorithm::ChaCha20Poly1305;
    Result<Context> context = prepare(key, algorithm, Direction::Seal);
    if (!context) {
      return context.error();
    }
    mark = mark_of(*id_of(key), algorithm);
    sealer = *std::move(context);
    return {};
  }

  SealMark mark = SealMark::None;
  Context sealer;
  std::map<SealMark, Context> openers;
  std::string sealed;  // kept for its capacity
};

Result<BlockCipher> BlockCipher::make(const std::string& key,
                                      const std::vector<std::string>& old_keys) {
  BlockCipher cipher;
  if (!key.empty()) {
    if (Status taken = cipher.keys_->seal_with(key); !taken) {
      return taken.error();
    }
  }
  for (const std::string& old_key : old_keys) {
    if (Status taken = cipher.keys_->add(old_key, "one of encryption_old_keys"); !taken) {
      return taken.error();
    }
  }
  return cipher;
}

BlockCipher::BlockCipher() : keys_(std::make_unique<Keys>()) {
}
BlockCipher::~BlockCipher() = default;
BlockCipher::BlockCipher(BlockCipher&& other) noexcept = default;
BlockCipher& BlockCipher::operator=(BlockCipher&& other) noexcept = default;

SealMark BlockCipher::mark() const {
  return keys_->mark;
}

bool BlockCipher::can_open(SealMark mark) const {
  return mark == SealMark::None || keys_->openers.contains(mark);
}

Result<std::string_view> BlockCipher::seal(std::string_view associated, std::string_view plain) {
  if (keys_->mark == SealMark::None) {
    return plain;
  }
  std::string& sealed = keys_->sealed;
  sealed.resize(kNonceSize + plain.size() + kTagSize);
  unsigned char* const nonce = bytes_of(sealed);
  unsigned char* const body = nonce + kNonceSize;
  unsigned char* const tag = body + plain.size();
  if (RAND_bytes(nonce, static_cast<int>(kNonceSize)) != 1) {
    return Error{Reaction::Retry, "the system has no random numbers to encrypt with"};
  }
  EVP_CIPHER_CTX* const context = keys_->sealer.get();
  int size = 0;
  if (!transform(context, nonce, associated, plain, body) ||
      EVP_CipherFinal_ex(context, tag, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(kTagSize), tag) != 1) {
    return Error{Reaction::Retry, "OpenSSL cannot encrypt a block"};
  }
  return std::string_view(sealed);
}

Result<std::string> BlockCipher::open(SealMark mark, std::string_view associated,
                                      std::string_view sealed) {
  if (mark == SealMark::None) {
    return std::string(sealed);
  }
  const auto opener = keys_->openers.find(mark);
  if (opener == keys_->openers.end()) {
    return Error{Reaction::Fatal, "there is no key " + to_text(mark)};
  }
  if (sealed.size() < kNonceSize + kTagSize) {
    return Error{Reaction::Fatal, "too short for something that is sealed"};
  }
  EVP_CIPHER_CTX* const context = opener->second.get();
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plain(sealed.size() - kNonceSize - kTagSize, '\0');
  int size = 0;
  if (!transform(context, bytes_of(sealed), associated, sealed.substr(kNonceSize, plain.size()),
                 bytes_of(plain)) ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTagSize), tag.data()) !=
          1 ||
      EVP_CipherFinal_ex(context, bytes_of(tag), &size) != 1) {
    return Error{Reaction::Fatal, "sealed with another key, or changed"};
  }
  return plain;
}

}  // namespace sluice
