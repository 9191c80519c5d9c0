#include "pipeline/topic_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

struct Case {
  std::string filter;
  std::string topic;
  bool matches;
};

TEST(TopicFilter, FollowsTheRulesOfMqtt) {
  const std::vector<Case> cases = {
      {"a", "a", true},
      {"a", "b", false},
      {"a", "A", false},
      {"a", "a/", false},
      {"a", "/a", false},
      {"a/b", "a/b", true},
      {"a/b", "a", false},
      {"a/b", "a/b/c", false},
      {"#", "a", true},
      {"#", "a/b/c", true},
      {"#", "/", true},
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/tennis/player1/#", "sport/tennis/player2", false},
      {"sport/#", "sport", true},
      {"sport/#", "sports", false},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+", "sport", true},
      {"+", "/finance", false},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+/tennis/#", "sport/tennis", true},
      {"+/tennis/#", "sport/tennis/a/b", true},
      {"+/b/+", "a/b/c", true},
      {"+/b/+", "a/c/c", false},
      {"a//b", "a//b", true},
      {"a/+/b", "a//b", true},
      {"a/#/b", "a/x/b", true},  // not a valid filter; the config refuses it
      {"a+", "a+", true},
      {"a+", "ab", false},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(TopicFilter(c.filter).matches(c.topic), c.matches) << c.filter << " " << c.topic;
  }
}

TEST(TopicFilter, KeepsTopicsOfTheBrokerFromLeadingWildcards) {
  EXPECT_FALSE(TopicFilter("#").matches("$SYS/uptime"));
  EXPECT_FALSE(TopicFilter("+/uptime").matches("$SYS/uptime"));
  EXPECT_TRUE(TopicFilter("$SYS/#").matches("$SYS/uptime"));
  EXPECT_TRUE(TopicFilter("$SYS/#").matches("$SYS"));
  EXPECT_TRUE(TopicFilter("$SYS/+").matches("$SYS/uptime"));
  EXPECT_TRUE(TopicFilter("a/+").matches("a/$b"));
}

TEST(TopicFilter, LooksThroughASharedSubscription) {
  EXPECT_TRUE(TopicFilter("$share/group/a/+").matches("a/b"));
  EXPECT_FALSE(TopicFilter("$share/group/a/+").matches("group/a/b"));
  EXPECT_TRUE(TopicFilter("$share/group/#").matches("a/b"));
  EXPECT_FALSE(TopicFilter("$share/group/#").matches("$SYS/uptime"));
  EXPECT_TRUE(TopicFilter("$share/group//finance").matches("/finance"));
  EXPECT_TRUE(TopicFilter("$share/group/$SYS/#").matches("$SYS/uptime"));
}

}  // namespace
}  // namespace sluice
