#include "buffers/crc32c.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace sluice {
namespace {

TEST(Crc32c, AgreesWithThePublishedExamples) {  // RFC 3720, B.4
  std::string rising(32, '\0');
  for (std::size_t i = 0; i < rising.size(); ++i) {
    rising[i] = static_cast<char>(i);
  }
  for (const auto& compute : {crc32c, portable_crc32c}) {
    EXPECT_EQ(compute(0, ""), 0U);
    EXPECT_EQ(compute(0, "123456789"), 0xE3069283U);
    EXPECT_EQ(compute(0, std::string(32, '\0')), 0x8A9136AAU);
    EXPECT_EQ(compute(0, std::string(32, '\xff')), 0x62A8AB43U);
    EXPECT_EQ(compute(0, rising), 0x46DD794EU);
  }
}

TEST(Crc32c, IsTheSameWithAndWithoutTheProcessorsHelpAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::string bytes(300, '\0');
  for (char& byte : bytes) {
    byte = static_cast<char>(random());
  }
  for (std::size_t start = 0; start < 8; ++start) {
    for (std::size_t size = 0; size <= 256; ++size) {
      const std::string_view part = std::string_view(bytes).substr(start, size);
      ASSERT_EQ(crc32c(7, part), portable_crc32c(7, part)) << start << ' ' << size;
    }
  }
}

TEST(Crc32c, MayBeComputedInParts) {
  const std::string_view text = "one checksum over several pieces";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(crc32c(0, text.substr(0, cut)), text.substr(cut)), crc32c(0, text));
  }
}

}  // namespace
}  // namespace sluice
