// The source that is the agent itself.
#include "tests/unit/config/loading.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const std::string kSelf = R"(agent: {id: plant-7}
sources:
  self: {type: internal}
flows:
  health: {from: [self], to: [cloud]}
sinks:
  cloud: {type: stdout}
)";

TEST(InternalSource, IsASourceLikeAnyOther) {
  const LoadedConfig loaded = parse_config(kSelf, "sluice.yaml");
  EXPECT_TRUE(loaded.diagnostics.empty()) << testing_support::report(loaded);
  ASSERT_EQ(loaded.config.sources.size(), 1U);
  const SourceConfig& source = loaded.config.sources[0];
  EXPECT_EQ(source.kind, SourceKind::Internal);
  EXPECT_EQ(source.name, "self");
  EXPECT_EQ(source.internal.every, 60s);
  EXPECT_EQ(source.internal.topic, "sluice/plant-7/status");
  EXPECT_EQ(source.topics(), std::vector<std::string>{"sluice/plant-7/status"});
}

std::string with(const std::string& what, const std::string& instead) {
  std::string text = kSelf;
  return text.replace(text.find(what), what.size(), instead);
}

bool is_ok(const std::string& text) {
  return parse_config(text, "sluice.yaml").ok();
}

TEST(InternalSource, HasAnIntervalAndNoBroker) {
  const LoadedConfig often =
      parse_config(with("type: internal", "type: internal, every: 1s"), "sluice.yaml");
  EXPECT_EQ(often.config.sources.at(0).internal.every, 1s);
  EXPECT_FALSE(is_ok(with("type: internal", "type: internal, every: 500ms")));
  EXPECT_FALSE(is_ok(with("type: internal", "type: internal, url: mqtt://h")));
  EXPECT_FALSE(is_ok(with("type: internal", "type: intern")));
  EXPECT_FALSE(is_ok(with("type: internal", "type: mqtt, every: 1s, url: mqtt://h, topics: [a]")));
}

TEST(InternalSource, IsWarnedAboutIfNobodyTakesItsTopic) {
  const LoadedConfig loaded =
      parse_config(with("from: [self]", "from: [self], topics: [sensors/#]"), "sluice.yaml");
  EXPECT_TRUE(loaded.ok());
  EXPECT_FALSE(loaded.diagnostics.empty());
}

}  // namespace
}  // namespace sluice
