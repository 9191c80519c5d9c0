#include "sources/broker_check.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(BrokerCheck, AsksForAnotherGroupThanTheConfiguredOne) {
  EXPECT_EQ(check_filter_of("$share/workers/plant/#"), "$share/sluice-check/plant/#");
  EXPECT_EQ(check_filter_of("$share/workers//plant"), "$share/sluice-check//plant");
}

TEST(BrokerCheck, AsksForOtherFiltersAsTheyAre) {
  EXPECT_EQ(check_filter_of("plant/+/#"), "plant/+/#");
  EXPECT_EQ(check_filter_of("$SYS/#"), "$SYS/#");
}

TEST(BrokerCheck, TakesTheUserOfTheUrlWhereTheOptionsHaveNone) {
  MqttSourceOptions source;
  source.url = *parse_url("mqtt://anna:secret@broker");
  EXPECT_EQ(broker_check_of(source).username, "anna");
  EXPECT_EQ(broker_check_of(source).password, "secret");
  source.username = "bert";
  source.password = "other";
  EXPECT_EQ(broker_check_of(source).username, "bert");
  EXPECT_EQ(broker_check_of(source).password, "other");
}

}  // namespace
}  // namespace sluice
