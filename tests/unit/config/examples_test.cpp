// The examples work, and no mutation of them brings the loader down.
#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

const std::string kExamples = SLUICE_SOURCE_DIR "/config/examples/";

std::string content(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

class Examples : public ::testing::Test {
 protected:
  EnvironmentVariable plant_{"PLANT_PASSWORD", "p"};
  EnvironmentVariable ingest_{"INGEST_TOKEN", "t"};
  EnvironmentVariable archive_{"ARCHIVE_PASSWORD", "a"};
  EnvironmentVariable kafka_{"KAFKA_PASSWORD", "k"};
  EnvironmentVariable central_{"CENTRAL_PASSWORD", "c"};
};

TEST_F(Examples, MinimalIsEnough) {
  const LoadedConfig loaded = load_config(kExamples + "minimal.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
}

TEST_F(Examples, FullIsValid) {
  const LoadedConfig loaded = load_config(kExamples + "sluice.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << report(loaded);
  EXPECT_EQ(loaded.config.sources.size(), 2U);
  EXPECT_EQ(loaded.config.flows.size(), 3U);
  EXPECT_EQ(loaded.config.sinks.size(), 7U);
  EXPECT_EQ(loaded.config.sources[0].expect_message_every.count(), 0);
}

// Pieces that mean something to YAML or to us.
const std::vector<std::string> kPieces{"\n",
                                       " ",
                                       "\t",
                                       ":",
                                       ": ",
                                       "- ",
                                       "[",
                                       "]",
                                       "{",
                                       "}",
                                       ",",
                                       "\"",
                                       "'",
                                       "&a",
                                       "*a",
                                       "<<:",
                                       "---",
                                       "...",
                                       "#",
                                       "|",
                                       ">",
                                       "!!",
                                       "${",
                                       "${X}",
                                       "$$",
                                       "}",
                                       "%",
                                       "@",
                                       "~",
                                       "\\x",
                                       "?",
                                       "é",
                                       "\r",
                                       "off",
                                       "1e9",
                                       "-1",
                                       "<<: *a",
                                       "0s",
                                       "\n  ",
                                       "\n    ",
                                       std::string(1, '\0'),
                                       "\xff",
                                       "99999999999999999999",
                                       "${file:/dev/zero}"};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string mutate(std::string text) {
    const std::size_t changes = 1 + below(4);
    for (std::size_t i = 0; i < changes; ++i) {
      change(text);
    }
    return text;
  }

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t from = below(text.size() + 1);
    const std::size_t length = below(40);
    switch (below(6)) {
      case 0:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(from, length));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.replace(at, length, kPieces[below(kPieces.size())]);
        break;
      default:
        if (at < text.size()) {
          text[at] = static_cast<char>(below(256));
        }
        break;
    }
  }

  std::mt19937_64 random_;
};

// To repeat a failure, or to go on for longer.
std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): one thread
  return value == nullptr ? otherwise : std::stoull(value);
}

TEST_F(Examples, MayBeMutilatedWithoutHarm) {
  const std::uint64_t seed = setting("SLUICE_TEST_SEED", std::random_device{}());
  std::cout << "SLUICE_TEST_SEED=" << seed << '\n';
  Mutator mutator(seed);
  const std::string full = content(kExamples + "sluice.yaml");
  const std::string minimal = content(kExamples + "minimal.yaml");
  ASSERT_FALSE(full.empty());
  const std::uint64_t rounds = setting("SLUICE_TEST_ROUNDS", 300);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const std::string text = mutator.mutate(round % 2 == 0 ? minimal : full);
    const LoadedConfig loaded = load(text);
    for (const Diagnostic& each : loaded.diagnostics) {
      EXPECT_FALSE(each.message.empty());
      EXPECT_EQ(to_text(each).find('\x1b'), std::string::npos);
    }
    if (loaded.ok()) {
      EXPECT_FALSE(loaded.config.flows.empty());
      EXPECT_EQ(loaded.config.flows.size(), loaded.config.buffer.routes.size());
    }
    ASSERT_FALSE(HasFailure()) << text;
  }
}

}  // namespace
}  // namespace sluice
