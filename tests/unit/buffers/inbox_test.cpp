#include "buffers/inbox.h"

#include "tests/support/buffer_probe.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

namespace sluice {
namespace {

using testing_support::make_block;

TEST(Inbox, WhatCanWaitDoesNotWakeTheThreadThatWillLookByItself) {
  Inbox inbox({}, {Sequence(0)});
  std::promise<int> woken;
  std::promise<void> asleep;
  const std::jthread store([&](std::stop_token stop) {
    int times = 0;
    asleep.set_value();
    for (bool flushed = false; !flushed; ++times) {
      inbox.wait({.time = std::chrono::hours(1), .anything_uncommitted = true}, stop);
      flushed = inbox.take().flush;
    }
    woken.set_value(times);
  });
  asleep.get_future().wait();
  inbox.submit(make_block(0, 1, 1, "data"));
  inbox.confirm({FlowIndex(0), SinkIndex(0), {Sequence(0), Sequence(1)}});
  inbox.put({"key", "value"});
  inbox.fetch({.flow = FlowIndex(0), .sink = SinkIndex(0), .after = Sequence(0), .then = {}});
  inbox.flush();
  EXPECT_EQ(woken.get_future().get(), 1);
}

TEST(Inbox, AFetchWakesTheThreadWhenThereMayBeABlockForIt) {
  Inbox inbox({}, {Sequence(5)});
  inbox.fetch({.flow = FlowIndex(0), .sink = SinkIndex(0), .after = Sequence(4), .then = {}});
  inbox.wait({.time = {}}, {});  // returns, although nothing else has arrived
  const Arrivals arrivals = inbox.take();
  ASSERT_EQ(arrivals.fetches.size(), 1U);
  EXPECT_FALSE(arrivals.fetches[0].nothing_stored);
}

TEST(Inbox, AThreadThatSleepsUntilWokenIsWokenByWhateverArrives) {
  Inbox inbox({}, {Sequence(0)});
  inbox.confirm({FlowIndex(0), SinkIndex(0), {Sequence(0), Sequence(1)}});
  inbox.wait({.time = {}}, {});
  EXPECT_EQ(inbox.take().confirmations.size(), 1U);
}

TEST(Inbox, AFetchThatArrivesDuringACommitIsNotLost) {
  Inbox inbox({}, {Sequence(0)});
  inbox.fetch({.flow = FlowIndex(0), .sink = SinkIndex(0), .after = Sequence(0), .then = {}});
  const std::vector<FetchRequest> met = inbox.stored({make_block(0, 1, 1, "data")});
  ASSERT_EQ(met.size(), 1U);
  EXPECT_TRUE(met[0].nothing_stored);
  inbox.fetch({.flow = FlowIndex(0), .sink = SinkIndex(0), .after = Sequence(0), .then = {}});
  EXPECT_FALSE(inbox.take().fetches.at(0).nothing_stored);
}

}  // namespace
}  // namespace sluice
