#include "config/topic_filter.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice::configuration {
namespace {

TEST(TopicFilters, MayBeAnythingWithWildcardsInTheirPlaces) {
  for (const char* text : {"a", "/", "a/b", "a//b", "/a/", "#", "+", "a/#", "+/b/+/#", "$SYS/#"}) {
    EXPECT_TRUE(check_filter(text)) << text;
  }
}

TEST(TopicFilters, RejectWildcardsOutOfPlace) {
  for (const char* text : {"", "a#", "#/a", "a/#/b", "a/b#", "a+", "+a/b", "a/b+/c", "##"}) {
    EXPECT_FALSE(check_filter(text)) << text;
  }
  EXPECT_TRUE(check_filter(std::string(65'535, 'a')));
  EXPECT_FALSE(check_filter(std::string(65'536, 'a')));
}

TEST(TopicFilters, AreNotSharedSubscriptions) {
  EXPECT_FALSE(check_filter("$share/group/a"));
  EXPECT_TRUE(check_subscription("a/#"));
}

TEST(SharedSubscriptions, NameAGroupAndAFilter) {
  EXPECT_TRUE(check_subscription("$share/group/a/#"));
  EXPECT_TRUE(check_subscription("$share/group//"));
  for (const char* text : {"$share", "$share/", "$share//a", "$share/group", "$share/group/",
                           "$share/g+/a", "$share/#/a", "$share/group/a#", "$share/g/$share/g/a"}) {
    EXPECT_FALSE(check_subscription(text)) << text;
  }
}

TEST(SharedSubscriptions, HoldAFilter) {
  EXPECT_EQ(filter_of("$share/group/a/#"), "a/#");
  EXPECT_EQ(filter_of("a/#"), "a/#");
}

TEST(TopicFilters, OverlapIfSomeTopicMatchesBoth) {
  const std::vector<std::pair<const char*, const char*>> pairs{
      {"a", "a"},           {"a/#", "a"}, {"#", "a/b"},     {"+/b", "a/+"},      {"a/#", "+/b"},
      {"a/b/#", "a/+/c/d"}, {"+", "#"},   {"a/+/#", "a/b"}, {"$SYS/#", "$SYS/a"}};
  for (const auto& [a, b] : pairs) {
    EXPECT_TRUE(filters_overlap(a, b)) << a << ' ' << b;
    EXPECT_TRUE(filters_overlap(b, a)) << b << ' ' << a;
  }
}

TEST(TopicFilters, DoNotOverlapOtherwise) {
  const std::vector<std::pair<const char*, const char*>> pairs{
      {"a", "b"},     {"a", "a/b"},    {"a/+", "a"},      {"a/#", "b/#"},
      {"+/b", "a/c"}, {"#", "$SYS/a"}, {"+/a", "$SYS/a"}, {"a/b/c", "a/+"}};
  for (const auto& [a, b] : pairs) {
    EXPECT_FALSE(filters_overlap(a, b)) << a << ' ' << b;
    EXPECT_FALSE(filters_overlap(b, a)) << b << ' ' << a;
  }
}

}  // namespace
}  // namespace sluice::configuration
