#include "pipeline/router.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

std::vector<std::size_t> flows_for(Router& router, std::string_view topic) {
  std::vector<std::size_t> flows;
  for (const FlowIndex flow : router.find(topic).flows) {
    flows.push_back(number(flow));
  }
  return flows;
}

TEST(Router, FindsEveryFlowThatWantsATopicOnce) {
  Router router;
  router.add(FlowIndex{0}, {"a/#", "+/b"});
  router.add(FlowIndex{2}, {"a/b"});
  router.add(FlowIndex{5}, {});
  for (int round = 0; round < 2; ++round) {  // unknown, then remembered
    EXPECT_EQ(flows_for(router, "a/b"), (std::vector<std::size_t>{0, 2, 5}));
    EXPECT_EQ(flows_for(router, "c/b"), (std::vector<std::size_t>{0, 5}));
    EXPECT_EQ(flows_for(router, "c"), (std::vector<std::size_t>{5}));
    EXPECT_EQ(flows_for(router, "$SYS/x"), (std::vector<std::size_t>{5}));
  }
}

TEST(Router, KnowsNoFlowForASourceThatFeedsNone) {
  Router router;
  EXPECT_TRUE(router.find("a").flows.empty());
}

TEST(Router, RemembersTheTopicAsJson) {
  Router router;
  EXPECT_EQ(router.find("a/b").topic_json, "\"a/b\"");
  EXPECT_EQ(router.find("say \"hi\"\n").topic_json, R"("say \"hi\"\n")");
  EXPECT_EQ(router.find("caf\xC3\xA9").topic_json, "\"caf\xC3\xA9\"");
  EXPECT_EQ(router.find("caf\xC3").topic_json, "\"caf\uFFFD\"");
}

TEST(Router, AnswersRightForMoreTopicsThanItRemembers) {
  Router router;
  router.add(FlowIndex{0}, {"even/#"});
  router.add(FlowIndex{1}, {"odd/#"});
  for (std::size_t i = 0; i < 3 * Router::kMostTopics; ++i) {
    const std::size_t flow = i % 2;
    const std::string topic = (flow == 0 ? "even/" : "odd/") + std::to_string(i);
    ASSERT_EQ(flows_for(router, topic), (std::vector<std::size_t>{flow}));
    ASSERT_LE(router.remembered(), Router::kMostTopics);
  }
}

TEST(Router, DoesNotCollectLongTopics) {
  Router router;
  const std::string longest(65'535, 'x');
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(router.find(std::to_string(i) + longest));
    EXPECT_LE(router.remembered(), Router::kMostBytes / longest.size() + 1);
  }
}

}  // namespace
}  // namespace sluice
