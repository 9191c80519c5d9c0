// What the fuzzers start from, and thousands of changes to it, without libFuzzer.
#include "tests/support/decoder_probe.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

std::vector<std::string> seeds_of(const std::string& decoder) {
  std::vector<std::string> seeds;
  const std::string folder = SLUICE_SOURCE_DIR "/tests/fuzz/seeds/" + decoder;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : random_(seed) {}

  // A few bytes changed, taken out, put in, or moved; now and then cut off, or joined with another.
  std::string mutate(std::string text, const std::vector<std::string>& others) {
    for (std::size_t i = 0; i <= below(4); ++i) {
      const std::size_t at = below(text.size() + 1);
      switch (below(6)) {
        case 0:
          text.insert(at, 1, static_cast<char>(below(256)));
          break;
        case 1:
          text.erase(at, 1 + below(8));
          break;
        case 2:
          text.resize(at);
          break;
        case 3:
          text.insert(at, text, below(text.size() + 1), below(16));
          break;
        case 4:
          text += others[below(others.size())].substr(at % 3);
          break;
        default:
          if (at < text.size()) {
            const auto byte = static_cast<unsigned char>(text[at]);
            text[at] = static_cast<char>(below(2) == 0 ? below(256) : byte ^ (1UL << below(8)));
          }
      }
    }
    return text;
  }

  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

 private:
  std::minstd_rand random_;
};

class EveryDecoder : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryDecoder, MakesRecordsOfWhateverItIsGiven) {
  constexpr int kMutations = 4000;
  const std::uint32_t seed = std::random_device{}();
  std::cout << "seed " << seed << '\n';
  testing_support::DecoderProbe probe(GetParam());
  const std::vector<std::string> seeds = seeds_of(GetParam());
  ASSERT_FALSE(seeds.empty());
  for (const std::string& input : seeds) {
    EXPECT_EQ(probe.look(input), "") << ::testing::PrintToString(input);
  }
  Mutator mutator(seed);
  for (int i = 0; i < kMutations; ++i) {
    const std::string input = mutator.mutate(seeds[mutator.below(seeds.size())], seeds);
    ASSERT_EQ(probe.look(input), "") << ::testing::PrintToString(input);
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, EveryDecoder,
                         ::testing::ValuesIn(testing_support::DecoderProbe::names()),
                         [](const auto& decoder) { return decoder.param; });

}  // namespace
}  // namespace sluice
