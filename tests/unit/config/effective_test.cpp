// The file as it is in force.
#include "config/config.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace sluice {
namespace {

using namespace testing_support;  // NOLINT(google-build-using-namespace): this is a test

class Effective : public testing::Test {
 protected:
  std::string of(const std::string& yaml) {
    std::ofstream(path_) << yaml;
    const Result<std::string> text = effective_config(path_);
    return text ? *text : "error: " + text.error().message;
  }
  static bool has_line(const std::string& text, const std::string& line) {
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
  }

  TempDirectory directory_;
  const std::string path_ = directory_.file("sluice.yaml");
};

TEST_F(Effective, HasWhatTheFileSaysAndEveryDefault) {
  const std::string text = of(kSource + kFlow + kSink + "buffer: {max_size: 65536KiB}\n");
  EXPECT_TRUE(has_line(text, "  max_size: 64MiB")) << text;
  EXPECT_TRUE(has_line(text, "  # flush_interval: 1s")) << text;
  EXPECT_TRUE(has_line(text, "    # expect_message_every: off")) << text;
  EXPECT_TRUE(has_line(text, "    # protocol: \"5\"")) << text;
  EXPECT_EQ(text.find("oauth2"), std::string::npos) << "an empty section says nothing\n" << text;
}

TEST_F(Effective, ShowsNoSecret) {
  const EnvironmentVariable password("PLANT_PASSWORD", "geheim");
  const std::string text = of(
      "sources: {plant: {url: \"mqtt://me:geheim@localhost\", topics: [a], password: "
      "\"${PLANT_PASSWORD}\"}}\n" +
      kFlow + "sinks: {cloud: {url: \"http://x/in\", headers: {X-Site: p7, X-Api-Key: geheim}}}\n");
  EXPECT_EQ(text.find("geheim"), std::string::npos) << text;
  EXPECT_TRUE(has_line(text, "      \"X-Site\": \"p7\"")) << text;
  EXPECT_NE(text.find("me:******@localhost"), std::string::npos) << text;
}

TEST_F(Effective, MeansTheSameWhenItIsReadAgain) {
  const std::string once = of(kSource + kFlow + kSink);
  EXPECT_EQ(of(once), once);
  EXPECT_TRUE(load_config(path_).ok()) << once;
}

TEST_F(Effective, SaysThatAFileCannotBeRead) {
  const Result<std::string> text = effective_config(directory_.file("absent.yaml"));
  ASSERT_FALSE(text);
  EXPECT_NE(text.error().message.find("absent.yaml: error: cannot read the file"),
            std::string::npos);
}

}  // namespace
}  // namespace sluice
