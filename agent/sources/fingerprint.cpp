#include "sources/fingerprint.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sluice {

std::uint64_t fingerprint(std::string_view topic, std::string_view payload) {
  // The factor keeps topic and payload from changing places: without it, "a" with "b" would be
  // "b" with "a".
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15ULL;
  const std::uint64_t of_topic = XXH3_64bits(topic.data(), topic.size());
  return of_topic * kGoldenRatio + XXH3_64bits(payload.data(), payload.size());
}

}  // namespace sluice
