// The dispatcher when all goes well, and how it begins and ends.
#include "tests/unit/uplink/dispatching.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>

#include <algorithm>
#include <thread>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;

TEST_F(DispatcherTest, DeliversABacklogInOrderAndThenWhatComes) {
  for (const std::uint64_t first : {1U, 11U, 21U}) {
    buffer_.add(numbered_block(0, first));
  }
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 3; });
  buffer_.add(numbered_block(0, 31));
  run_until([&] { return buffer_.confirmations.size() == 4; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 11, 21, 31}));
  EXPECT_EQ(buffer_.confirmations,
            (std::vector<FakeBuffer::Confirmation>{
                {0, 0, 0, 10}, {0, 0, 0, 20}, {0, 0, 0, 30}, {0, 0, 0, 40}}));
  EXPECT_EQ(buffer_.fetches, 5);
}

TEST_F(DispatcherTest, LetsFlowsTakeTurns) {
  for (const std::uint64_t first : {1U, 21U, 41U}) {
    buffer_.add(numbered_block(0, first));
    buffer_.add(numbered_block(1, first + 10));
  }
  const auto sink = dispatcher(wire_, {kFirstFeed, kSecondFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 6; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 11, 21, 31, 41, 51}));
  EXPECT_EQ(buffer_.confirmations[1], (FakeBuffer::Confirmation{1, 3, 0, 20}));
}

TEST_F(DispatcherTest, OneSinkThatHangsForADayChangesNothingForAnother) {
  Wire stuck;
  stuck.script = [](const Block& /*block*/) { return std::optional<Answer>(); };
  const auto first_sink = simulated(stuck, {{FlowIndex(0), SinkIndex(0)}}, {});
  const auto second_sink = simulated(wire_, {{FlowIndex(0), SinkIndex(1)}}, {});
  first_sink->start();
  second_sink->start();
  constexpr std::uint64_t kMinutes = 24UL * 60;
  for (std::uint64_t minute = 0; minute < kMinutes; ++minute) {
    buffer_.add(numbered_block(0, 1 + minute * 10));
    pass(std::chrono::minutes(1));
    ASSERT_EQ(buffer_.held(0, 1), 0U) << "delivered before the next one comes";
  }
  EXPECT_EQ(stuck.sent.size(), 1U);
  EXPECT_EQ(second_sink->counts().blocks, kMinutes);
  EXPECT_EQ(buffer_.held(0, 0), kMinutes) << "all of it is kept for the other";
}

TEST_F(DispatcherTest, TwoFlowsOfOneSinkBothArriveAndEachInOrder) {
  const auto sink = dispatcher(wire_, {kFirstFeed, kSecondFeed});
  sink->start();
  for (std::uint64_t first = 1; first < 2001; first += 20) {
    buffer_.add(numbered_block(0, first));
    buffer_.add(numbered_block(1, first + 10));
  }
  run_until([&] { return sink->counts().blocks == 200; });
  std::map<FlowIndex, std::uint64_t> latest;
  for (const Shipment& shipment : wire_.sent) {
    EXPECT_GT(number(shipment.block->first), latest[shipment.block->flow]);
    latest[shipment.block->flow] = number(shipment.block->first);
  }
  EXPECT_EQ(buffer_.held(0, 0) + buffer_.held(1, 3), 0U);
}

TEST_F(DispatcherTest, HoldsNoMoreThanOneBlockOfEachFlowInMemory) {
  std::vector<std::weak_ptr<const Block>> blocks;
  struct Lazy final : BlockReader {  // has blocks without end, and keeps none of them
    explicit Lazy(std::vector<std::weak_ptr<const Block>>& handed_out) : blocks(handed_out) {}
    void fetch(FlowIndex flow, SinkIndex /*sink*/, Sequence /*after*/, FetchHandler then) override {
      auto block = numbered_block(static_cast<std::uint32_t>(flow), 1 + 10 * blocks.size());
      blocks.push_back(block);
      then(std::move(block));
    }
    void confirm(FlowIndex /*flow*/, SinkIndex /*sink*/, Sequence /*after*/,
                 Sequence /*last*/) override {}
    void split(FlowIndex /*flow*/, Sequence /*first*/, SplitHandler then) override {
      then(Status());
    }
    void bury(FlowIndex /*flow*/, SinkIndex /*sink*/, Sequence /*after*/, Sequence /*last*/,
              DeadLetter /*why*/) override {}
    [[nodiscard]] Sequence newest(FlowIndex /*flow*/) const override { return {}; }
    std::vector<std::weak_ptr<const Block>>& blocks;
  } lazy(blocks);
  Wire wire;
  std::size_t most = 0;
  wire.script = [&](const Block& /*block*/) {
    wire.sent.clear();
    most = std::max(most, static_cast<std::size_t>(std::ranges::count_if(
                              blocks, [](const auto& each) { return !each.expired(); })));
    return answer(Verdict::Confirmed);
  };
  Dispatcher sink(io_, {.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .delivery = kAtOnce},
                  lazy, buffer_, std::make_unique<FakeTransport>(io_, wire));
  sink.start();
  run_until([&] { return sink.counts().blocks == 1000; });
  // One more may be on its way from the buffer's thread, which here is the same.
  EXPECT_LE(most, 3U);
}

TEST_F(DispatcherTest, CountsWhatItDelivered) {
  wire_.script = [&](const Block& /*block*/) {
    return answer(wire_.sent.size() == 2 ? Verdict::Retry : Verdict::Confirmed);
  };
  buffer_.add(numbered_block(0, 1, 7));
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return sink->counts().blocks == 1; });
  EXPECT_EQ(sink->counts().records, 7U);
  EXPECT_EQ(sink->counts().bytes, numbered_block(0, 1, 7)->data.size());
  EXPECT_EQ(sink->counts().last_error, "");
  buffer_.add(numbered_block(0, 8, 3));
  run_until([&] { return sink->counts().retries == 1; });
  EXPECT_EQ(sink->counts().last_error, "because");
  run_until([&] { return sink->counts().blocks == 2; });
  EXPECT_EQ(sink->counts().records, 10U);
  EXPECT_EQ(sink->counts().last_error, "");
}

TEST_F(DispatcherTest, ReadsTheBufferAgainAfterAPassingError) {
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.fetches == 1; });
  buffer_.fail({Reaction::Retry, "busy"});
  run_until([&] { return buffer_.fetches == 2; });
  buffer_.add(numbered_block(0, 1));
  run_until([&] { return buffer_.confirmations.size() == 1; });
}

TEST_F(DispatcherTest, LeavesABufferAloneThatHasClosedOrIsBroken) {
  for (const Reaction reaction : {Reaction::Closed, Reaction::Reject, Reaction::Fatal}) {
    FakeBuffer buffer;
    Dispatcher sink(io_, {.name = "test", .feeds = {kFirstFeed}, .delivery = kAtOnce}, buffer,
                    buffer, std::make_unique<FakeTransport>(io_, wire_));
    sink.start();
    run_until([&] { return buffer.fetches == 1; });
    buffer.fail({reaction, "over"});
    io_.restart();
    EXPECT_GT(io_.run_for(kSafetyNet), 0U);
    EXPECT_TRUE(io_.stopped());
    EXPECT_EQ(buffer.fetches, 1);
  }
}

TEST_F(DispatcherTest, StopsAfterTheRequestUnderWay) {
  wire_.script = [](const Block& /*block*/) { return std::optional<Answer>(); };
  buffer_.add(numbered_block(0, 1));
  buffer_.add(numbered_block(0, 11));
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return wire_.pending != nullptr; });
  sink->stop();
  run_until_idle();
  EXPECT_EQ(wire_.cancels, 0);
  std::exchange(wire_.pending, nullptr)(answer(Verdict::Confirmed));
  run_until_idle();
  EXPECT_EQ(buffer_.confirmations.size(), 1U);
  EXPECT_EQ(wire_.sent.size(), 1U);
  EXPECT_GT(wire_.cancels, 0) << "closes the idle connection";
  EXPECT_TRUE(io_.stopped()) << "nothing keeps the thread";
}

TEST_F(DispatcherTest, StopsInTheMiddleOfAPause) {
  wire_.script = [](const Block& /*block*/) { return answer(Verdict::Misconfigured); };
  const auto sink =
      dispatcher(wire_, {kFirstFeed}, {.retry = {std::chrono::hours(1), std::chrono::hours(1)}});
  sink->start();
  run_until_idle();
  buffer_.add(numbered_block(0, 1));
  run_until([&] { return sink->counts().retries == 1; });
  sink->stop();
  io_.restart();
  io_.run_for(kSafetyNet);
  EXPECT_TRUE(io_.stopped());
  EXPECT_EQ(wire_.sent.size(), 1U);
}

TEST_F(DispatcherTest, MayGoAwayAtAnyTime) {
  wire_.script = [](const Block& /*block*/) { return std::optional<Answer>(); };
  buffer_.add(numbered_block(0, 1));
  bool finished = false;
  for (std::size_t steps = 0; !finished; ++steps) {
    wire_.pending = nullptr;
    FakeBuffer buffer;
    buffer.add(numbered_block(0, 1));
    auto sink = std::make_unique<Dispatcher>(
        io_,
        DispatcherOptions{.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .delivery = kAtOnce},
        buffer, buffer, std::make_unique<FakeTransport>(io_, wire_));
    sink->start();
    io_.restart();
    for (std::size_t i = 0; i < steps && !finished; ++i) {
      finished = io_.poll_one() == 0;
    }
    sink.reset();
    run_until_idle();
    if (wire_.pending) {
      wire_.pending(answer(Verdict::Confirmed));  // too late: nobody is there to hear it
    }
    buffer.add(numbered_block(1, 11));  // answers a request of somebody who has gone
    run_until_idle();
    EXPECT_TRUE(buffer.confirmations.empty());
  }
}

TEST_F(DispatcherTest, SurvivesTheIoContext) {
  FakeBuffer buffer;
  Wire wire;
  std::optional<Answer> never;
  wire.script = [&](const Block& /*block*/) { return never; };
  buffer.add(numbered_block(0, 1));
  {
    boost::asio::io_context io;
    Dispatcher sink(io, {.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .delivery = kAtOnce},
                    buffer, buffer, std::make_unique<FakeTransport>(io, wire));
    sink.start();
    while (!wire.pending) {
      ASSERT_GT(io.run_one_for(kSafetyNet), 0U);
    }
  }
  buffer.add(numbered_block(1, 11));  // must not reach for the io_context
}

TEST_F(DispatcherTest, WorksWithThreadsOnEitherSide) {
  constexpr std::uint64_t kBlocks = 2000;
  const auto sink = dispatcher(wire_, {kFirstFeed});
  // The buffer is fed on the thread that runs the uplink; the other one starts, asks and stops.
  std::optional work =
      boost::asio::require(io_.get_executor(), boost::asio::execution::outstanding_work_t::tracked);
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    boost::asio::post(io_, [this, i] { buffer_.add(numbered_block(0, 1 + i * 10)); });
  }
  std::thread uplink([this] { io_.run(); });
  sink->start();
  while (sink->counts().blocks < kBlocks) {
    std::this_thread::yield();
  }
  sink->stop();
  work.reset();
  uplink.join();
  EXPECT_EQ(sink->counts().records, kBlocks * 10);
}

}  // namespace
}  // namespace sluice::uplink_tests
