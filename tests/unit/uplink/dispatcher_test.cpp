// The dispatcher between a buffer and a transport that do what a test says, all on one thread.
#include "uplink/dispatcher.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <thread>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;
constexpr std::chrono::seconds kSafetyNet(30);

BlockPtr make_block(std::uint32_t flow, std::uint64_t first, std::uint32_t count = 10) {
  auto block = std::make_shared<Block>();
  block->flow = FlowIndex(flow);
  block->first = Sequence(first);
  block->count = count;
  block->data = "frame " + std::to_string(first);
  return block;
}

class FakeBuffer final : public BlockReader {
 public:
  struct Confirmation {
    std::uint32_t flow;
    std::uint32_t sink;
    std::uint64_t last;
    bool operator==(const Confirmation&) const = default;
  };

  void add(const BlockPtr& block) {
    blocks_.push_back(block);
    serve();
  }

  void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) override {
    const std::pair key{flow, sink};
    EXPECT_FALSE(open_.contains(key)) << "two requests for one feed";
    open_[key] = {after, std::move(then)};
    ++fetches;
    serve();
  }

  void split(FlowIndex /*flow*/, Sequence /*first*/, SplitHandler then) override {
    then(Error{Reaction::Reject, "one record"});
  }
  void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last,
            DeadLetter /*why*/) override {
    confirm(flow, sink, after, last);
  }
  [[nodiscard]] Sequence newest(FlowIndex /*flow*/) const override { return {}; }

  void confirm(FlowIndex flow, SinkIndex sink, Sequence /*after*/, Sequence last) override {
    confirmations.push_back(
        {static_cast<std::uint32_t>(flow), static_cast<std::uint32_t>(sink), number(last)});
  }

  // Ends all open requests.
  void fail(const Error& error) {
    auto open = std::move(open_);
    open_.clear();
    for (auto& [key, request] : open) {
      request.then(error);
    }
  }

  std::vector<Confirmation> confirmations;
  int fetches = 0;

 private:
  struct Request {
    Sequence after{};
    FetchHandler then;
  };

  void serve() {
    for (auto request = open_.begin(); request != open_.end();) {
      const auto block = std::ranges::find_if(blocks_, [&](const BlockPtr& each) {
        return each->flow == request->first.first && each->first > request->second.after;
      });
      if (block == blocks_.end()) {
        ++request;
        continue;
      }
      const FetchHandler then = std::move(request->second.then);
      request = open_.erase(request);
      then(*block);
    }
  }

  std::vector<BlockPtr> blocks_;
  std::map<std::pair<FlowIndex, SinkIndex>, Request> open_;
};

// What a FakeTransport has sent, and what it answers: asked for each attempt, nothing means never.
struct Wire {
  using Script = std::function<std::optional<Answer>(const Block& block)>;
  Script script = [](const Block& /*block*/) { return Answer{Verdict::Confirmed, {}, ""}; };
  std::vector<BlockPtr> sent;
  AnswerHandler pending;
  int cancels = 0;

  [[nodiscard]] std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> all;
    for (const BlockPtr& block : sent) {
      all.push_back(number(block->first));
    }
    return all;
  }
};

class FakeTransport final : public Transport {
 public:
  FakeTransport(boost::asio::io_context& io, Wire& wire) : io_(io), wire_(wire) {}

  void send(const Shipment& shipment, AnswerHandler then) override {
    const BlockPtr& block = shipment.block;
    EXPECT_FALSE(wire_.pending) << "two requests at once";
    wire_.sent.push_back(block);
    wire_.pending = std::move(then);
    if (const auto answer = wire_.script(*block)) {
      boost::asio::post(io_, [this, answer] { std::exchange(wire_.pending, nullptr)(*answer); });
    }
  }

  void cancel() override { ++wire_.cancels; }

 private:
  boost::asio::io_context& io_;
  Wire& wire_;
};

class DispatcherTest : public ::testing::Test {
 protected:
  std::unique_ptr<Dispatcher> dispatcher(Wire& wire, std::vector<DispatcherFeed> feeds,
                                         BackoffOptions retry = {milliseconds(0),
                                                                 milliseconds(0)}) {
    return std::make_unique<Dispatcher>(
        io_, DispatcherOptions{.name = "test", .feeds = std::move(feeds), .retry = retry}, buffer_,
        std::make_unique<FakeTransport>(io_, wire));
  }

  template <class Condition>
  void run_until(Condition condition) {
    io_.restart();
    while (!condition()) {
      ASSERT_GT(io_.run_one_for(kSafetyNet), 0U) << "nothing happens any more";
    }
  }

  void run_until_idle() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_;
  FakeBuffer buffer_;
  Wire wire_;
};

const DispatcherFeed kFirstFeed{FlowIndex(0), SinkIndex(0)};
const DispatcherFeed kSecondFeed{FlowIndex(1), SinkIndex(3)};

Answer answer(Verdict verdict, std::optional<milliseconds> wish = {}) {
  return {.verdict = verdict, .retry_after = wish, .detail = "because"};
}

constexpr std::array kBadNews{Verdict::Retry,    Verdict::Throttled, Verdict::Misconfigured,
                              Verdict::TooLarge, Verdict::Refused,   Verdict::BadEncoding};

TEST_F(DispatcherTest, DeliversABacklogInOrderAndThenWhatComes) {
  for (const std::uint64_t first : {1U, 11U, 21U}) {
    buffer_.add(make_block(0, first));
  }
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 3; });
  buffer_.add(make_block(0, 31));
  run_until([&] { return buffer_.confirmations.size() == 4; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 11, 21, 31}));
  EXPECT_EQ(buffer_.confirmations, (std::vector<FakeBuffer::Confirmation>{
                                       {0, 0, 10}, {0, 0, 20}, {0, 0, 30}, {0, 0, 40}}));
  EXPECT_EQ(buffer_.fetches, 5);
}

TEST_F(DispatcherTest, ConfirmsNothingThatTheDestinationDidNot) {
  for (const Verdict verdict : kBadNews) {
    FakeBuffer buffer;
    Wire wire;
    int attempts = 0;
    wire.script = [&](const Block& /*block*/) {
      EXPECT_TRUE(buffer.confirmations.empty());
      return answer(++attempts <= 5 ? verdict : Verdict::Confirmed);
    };
    buffer.add(make_block(0, 1));
    Dispatcher sink(
        io_, {.name = "test", .feeds = {kFirstFeed}, .retry = {milliseconds(0), milliseconds(0)}},
        buffer, std::make_unique<FakeTransport>(io_, wire));
    sink.start();
    run_until([&] { return !buffer.confirmations.empty(); });
    EXPECT_EQ(wire.sequences(), std::vector<std::uint64_t>(6, 1));
  }
}

TEST_F(DispatcherTest, RetriesForEverAndAlwaysTheSameBytes) {
  constexpr std::size_t kAttempts = 5'000;
  wire_.script = [&](const Block& block) {
    const Verdict verdict = kBadNews.at(wire_.sent.size() % kBadNews.size());
    return answer(wire_.sent.size() < kAttempts || number(block.first) > 1 ? verdict
                                                                           : Verdict::Confirmed);
  };
  const BlockPtr first = make_block(0, 1);
  buffer_.add(first);
  buffer_.add(make_block(0, 11));
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return wire_.sent.size() == kAttempts + 10; });
  for (std::size_t i = 0; i < kAttempts; ++i) {
    ASSERT_EQ(wire_.sent[i], first);
  }
  EXPECT_EQ(number(wire_.sent.back()->first), 11U);
  EXPECT_EQ(buffer_.confirmations.size(), 1U);
}

TEST_F(DispatcherTest, WaitsAtLeastAsLongAsTheDestinationAsks) {
  std::vector<std::chrono::steady_clock::time_point> attempts;
  wire_.script = [&](const Block& /*block*/) {
    attempts.push_back(std::chrono::steady_clock::now());
    return attempts.size() == 1 ? answer(Verdict::Throttled, milliseconds(30))
                                : answer(Verdict::Confirmed);
  };
  buffer_.add(make_block(0, 1));
  const auto sink = dispatcher(wire_, {kFirstFeed});
  sink->start();
  run_until([&] { return attempts.size() == 2; });
  EXPECT_GE(attempts[1] - attempts[0], milliseconds(30));
}

TEST_F(DispatcherTest, LetsFlowsTakeTurns) {
  for (const std::uint64_t first : {1U, 21U, 41U}) {
    buffer_.add(make_block(0, first));
    buffer_.add(make_block(1, first + 10));
  }
  const auto sink = dispatcher(wire_, {kFirstFeed, kSecondFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 6; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 11, 21, 31, 41, 51}));
  EXPECT_EQ(buffer_.confirmations[1], (FakeBuffer::Confirmation{1, 3, 20}));
}

TEST_F(DispatcherTest, KeepsTheTurnOfABlockThatDidNotGetThrough) {
  wire_.script = [&](const Block& /*block*/) {
    return answer(wire_.sent.size() <= 3 ? Verdict::Retry : Verdict::Confirmed);
  };
  buffer_.add(make_block(0, 1));
  buffer_.add(make_block(1, 11));
  const auto sink = dispatcher(wire_, {kFirstFeed, kSecondFeed});
  sink->start();
  run_until([&] { return buffer_.confirmations.size() == 2; });
  EXPECT_EQ(wire_.sequences(), (std::vector<std::uint64_t>{1, 1, 1, 1, 11}));
}

TEST_F(DispatcherTest, ABlockThatIsTurnedDownHoldsItsOwnFlowOnly) {
  for (const Verdict verdict : {Verdict::TooLarge, Verdict::Refused}) {
    FakeBuffer buffer;
    Wire wire;
    wire.script = [&](const Block& block) {
      return answer(block.flow == FlowIndex(0) ? verdict : Verdict::Confirmed);
    };
    buffer.add(make_block(0, 1));
    buffer.add(make_block(0, 11));
    for (std::uint64_t first = 21; first < 221; first += 10) {
      buffer.add(make_block(1, first));
    }
    Dispatcher sink(io_, {.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .retry = {}}, buffer,
                    std::make_unique<FakeTransport>(io_, wire));
    sink.start();
    run_until([&] { return buffer.confirmations.size() == 20; });
    EXPECT_EQ(wire.sent.size(), 21U) << "the other was tried once and now waits a minute";
    EXPECT_EQ(sink.counts().retries, 1U);
  }
}

TEST_F(DispatcherTest, OneStuckSinkDoesNotHoldAnother) {
  Wire stuck;
  stuck.script = [](const Block& /*block*/) { return std::optional<Answer>(); };
  for (std::uint64_t first = 1; first < 201; first += 10) {
    buffer_.add(make_block(0, first));
  }
  const auto first_sink = dispatcher(stuck, {{FlowIndex(0), SinkIndex(0)}});
  const auto second_sink = dispatcher(wire_, {{FlowIndex(0), SinkIndex(1)}});
  first_sink->start();
  second_sink->start();
  run_until([&] { return buffer_.confirmations.size() == 20; });
  EXPECT_EQ(stuck.sent.size(), 1U);
  EXPECT_EQ(second_sink->counts().blocks, 20U);
  EXPECT_EQ(first_sink->counts().blocks, 0U);
}

TEST_F(DispatcherTest, CountsWhatItDelivered) {
  wire_.script = [&](const Block& /*block*/) {
    return answer(wire_.sent.size() == 2 ? Verdict::Retry : Verdict::Confirmed);
  };
  buffer_.add(make_block(0, 1, 7));
  const auto sink = dispatcher(wire_, {kFirstFeed}, {milliseconds(0), milliseconds(0)});
  sink->start();
  run_until([&] { return sink->counts().blocks == 1; });
  EXPECT_EQ(sink->counts().records, 7U);
  EXPECT_EQ(sink->counts().bytes, std::string("frame 1").size());
  EXPECT_EQ(sink->counts().last_error, "");
  buffer_.add(make_block(0, 8, 3));
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
  buffer_.add(make_block(0, 1));
  run_until([&] { return buffer_.confirmations.size() == 1; });
}

TEST_F(DispatcherTest, LeavesABufferAloneThatHasClosedOrIsBroken) {
  for (const Reaction reaction : {Reaction::Closed, Reaction::Reject, Reaction::Fatal}) {
    FakeBuffer buffer;
    Dispatcher sink(io_, {.name = "test", .feeds = {kFirstFeed}, .retry = {}}, buffer,
                    std::make_unique<FakeTransport>(io_, wire_));
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
  buffer_.add(make_block(0, 1));
  buffer_.add(make_block(0, 11));
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
  buffer_.add(make_block(0, 1));
  const auto sink = dispatcher(wire_, {kFirstFeed}, {std::chrono::hours(1), std::chrono::hours(1)});
  sink->start();
  run_until([&] { return sink->counts().retries == 1; });
  sink->stop();
  io_.restart();
  io_.run_for(kSafetyNet);
  EXPECT_TRUE(io_.stopped());
  EXPECT_EQ(wire_.sent.size(), 1U);
}

TEST_F(DispatcherTest, MayGoAwayAtAnyTime) {
  wire_.script = [](const Block& /*block*/) { return std::optional<Answer>(); };
  buffer_.add(make_block(0, 1));
  bool finished = false;
  for (std::size_t steps = 0; !finished; ++steps) {
    wire_.pending = nullptr;
    FakeBuffer buffer;
    buffer.add(make_block(0, 1));
    auto sink = std::make_unique<Dispatcher>(
        io_, DispatcherOptions{.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .retry = {}},
        buffer, std::make_unique<FakeTransport>(io_, wire_));
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
    buffer.add(make_block(1, 11));  // answers a request of somebody who has gone
    run_until_idle();
    EXPECT_TRUE(buffer.confirmations.empty());
  }
}

TEST_F(DispatcherTest, SurvivesTheIoContext) {
  FakeBuffer buffer;
  Wire wire;
  std::optional<Answer> never;
  wire.script = [&](const Block& /*block*/) { return never; };
  buffer.add(make_block(0, 1));
  {
    boost::asio::io_context io;
    Dispatcher sink(io, {.name = "test", .feeds = {kFirstFeed, kSecondFeed}, .retry = {}}, buffer,
                    std::make_unique<FakeTransport>(io, wire));
    sink.start();
    while (!wire.pending) {
      ASSERT_GT(io.run_one_for(kSafetyNet), 0U);
    }
  }
  buffer.add(make_block(1, 11));  // must not reach for the io_context
}

TEST_F(DispatcherTest, WorksWithThreadsOnEitherSide) {
  constexpr std::uint64_t kBlocks = 2000;
  const auto sink = dispatcher(wire_, {kFirstFeed});
  // The buffer is fed on the thread that runs the uplink; the other one starts, asks and stops.
  std::optional work =
      boost::asio::require(io_.get_executor(), boost::asio::execution::outstanding_work_t::tracked);
  for (std::uint64_t i = 0; i < kBlocks; ++i) {
    boost::asio::post(io_, [this, i] { buffer_.add(make_block(0, 1 + i * 10)); });
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
}  // namespace sluice
