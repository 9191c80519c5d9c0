// From what the parts of an agent count to the figures of a queue.
#include "commands/queue_watch.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

class QueueWatchTest : public testing::Test {
 protected:
  QueueWatchTest() {
    status_.buffer.file_max_bytes = 100'000;
    flow().room = {.held_records = 0, .held_bytes = 0, .max_bytes = 50'000};
    flow().feeds.emplace("cloud", FeedCounts{});
  }

  FlowStatus& flow() { return status_.flows["telemetry"]; }
  FeedCounts& feed() { return flow().feeds.at("cloud"); }
  const QueueFigures& look(std::chrono::seconds after_start) {
    watch_.look(Instant(1h) + after_start, status_);
    watch_.tell(status_);
    return flow().queue;
  }

  AgentStatus status_{.version = "",
                      .agent = "",
                      .epoch = 0,
                      .now = {},
                      .counts = {},
                      .buffer = {},
                      .flows = {},
                      .sources = {},
                      .sinks = {}};
  QueueWatch watch_;
};

TEST_F(QueueWatchTest, WhatIsHeldIsInTheFileOrOnItsWayThere) {
  flow().ledger = {{"stored", 1'000}, {"delivered", 600}, {"requeued", 5},     {"dropped_age", 100},
                   {"dead", 4},       {"damaged", 1},     {"dropped_dead", 50}};
  EXPECT_EQ(look(0s).held, 300U) << "from earlier runs; dead letters were counted as dead already";
  flow().counts.records = 80;
  EXPECT_EQ(look(1s).held, 380U) << "in memory";
  flow().ledger["stored"] = 1'070;
  EXPECT_EQ(look(2s).held, 380U) << "some of it is in the file now";
  flow().ledger["delivered"] = 670;
  const QueueFigures& figures = look(4s);
  EXPECT_EQ(figures.held, 310U);
  EXPECT_DOUBLE_EQ(figures.arrival_rate, 20);
}

TEST_F(QueueWatchTest, DeadLettersAreServedToo) {
  look(0s);
  flow().counts.records = 100;
  flow().ledger["stored"] = 100;
  feed().records = 30;
  feed().buried = 20;
  feed().busy = 2s;
  feed().seconds_to_confirm.add(4, 30);
  const QueueFigures& figures = look(10s);
  EXPECT_EQ(figures.slowest.service_rate, 25);
  EXPECT_EQ(figures.slowest.time_in_system, 4);
}

TEST_F(QueueWatchTest, RoomIsWhatFlowAndFileLeaveWhicheverIsLess) {
  feed().busy = 0s;
  look(0s);
  flow().counts.records = 100;
  flow().ledger["stored"] = 100;
  flow().room.held_records = 100;
  flow().room.held_bytes = 10'000;
  feed().busy = 10s;
  EXPECT_EQ(look(10s).time_to_full, 40) << "10 records of 100 bytes a second into 40,000 bytes";
  status_.buffer.file_bytes = 99'000;
  flow().counts.records = 200;
  flow().ledger["stored"] = 200;
  feed().busy = 20s;
  EXPECT_EQ(look(20s).time_to_full, 1);
  status_.buffer.file_bytes = 200'000;
  EXPECT_EQ(look(20s).time_to_full, 0) << "the disk has become smaller";
}

}  // namespace
}  // namespace sluice
