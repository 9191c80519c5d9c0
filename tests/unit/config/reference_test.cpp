// docs/configuration.md is what the program says about itself.
#include "config/schema.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice {
namespace {

TEST(ConfigurationReference, IsThePageInDocs) {
  const std::ifstream file(SLUICE_SOURCE_DIR "/docs/configuration.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), config_reference())
      << "write it again with: sluice docs > docs/configuration.md";
}

}  // namespace
}  // namespace sluice
