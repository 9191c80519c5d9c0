// Encryption at rest: what is stored is sealed, what is read is opened. Private to buffers/.
#pragma once

#include "buffers/encryption_key.h"
#include "core/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Says with which key and by which algorithm something was sealed: the number of the algorithm in
// the lowest byte, above it 32 bits of a hash of the key. Stored beside what it was used for.
enum class SealMark : std::uint64_t {
  None = 0,  // as it is, without encryption
};

std::string to_text(SealMark mark);  // the part that stands for the key, in hexadecimal digits

// Seals with the first key and opens with all of them. AES-256-GCM where the processor has
// instructions for it, else ChaCha20-Poly1305; either is opened everywhere. One thread.
class BlockCipher {
 public:
  // What sealing adds: the nonce before, the tag behind.
  static constexpr std::size_t kNonceSize = 12;
  static constexpr std::size_t kTagSize = 16;

  // An empty `key`: nothing is sealed, but what `old_keys` have sealed can be opened. Fatal: a key
  // is not one, or OpenSSL does not have the algorithms.
  static Result<BlockCipher> make(const std::string& key, const std::vector<std::string>& old_keys);

  BlockCipher();  // neither seals nor opens
  ~BlockCipher();
  BlockCipher(BlockCipher&& other) noexcept;
  BlockCipher& operator=(BlockCipher&& other) noexcept;
  BlockCipher(const BlockCipher&) = delete;
  BlockCipher& operator=(const BlockCipher&) = delete;

  [[nodiscard]] SealMark mark() const;  // of what seal() makes
  [[nodiscard]] bool can_open(SealMark mark) const;

  // `associated` is protected from changes together with `plain`, but not stored. What is returned
  // lives until the next call.
  Result<std::string_view> seal(std::string_view associated, std::string_view plain);
  // Fatal: there is no such key, or it has not been sealed with it, or not with these bytes.
  Result<std::string> open(SealMark mark, std::string_view associated, std::string_view sealed);

 private:
  class Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace sluice
