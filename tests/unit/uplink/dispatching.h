// What the tests of the dispatcher share: a buffer and a transport that do what a test says, all on
// one thread.
#pragma once

#include "tests/unit/uplink/simulated_time.h"
#include "uplink/dispatcher.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice::uplink_tests {

// Plain lines that carry the numbers of the records, {"seq":7}, padded if need be.
BlockPtr numbered_block(std::uint32_t flow, std::uint64_t first, std::uint32_t count = 10,
                        std::size_t line_bytes = 0);

// Keeps what BlockReader promises, also to several sinks, and watches how it is used.
class FakeBuffer final : public BlockReader, public StateStore {
 public:
  struct Confirmation {
    std::uint32_t flow;
    std::uint32_t sink;
    std::uint64_t after;
    std::uint64_t last;
    bool operator==(const Confirmation&) const = default;
  };
  struct Burial {
    std::uint64_t sequence;
    std::string reason;
    std::string detail;
    bool operator==(const Burial&) const = default;
  };

  void add(const BlockPtr& block);

  void fetch(FlowIndex flow, SinkIndex sink, Sequence after, FetchHandler then) override;
  void confirm(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last) override;
  void split(FlowIndex flow, Sequence first, SplitHandler then) override;
  void bury(FlowIndex flow, SinkIndex sink, Sequence after, Sequence last, DeadLetter why) override;
  [[nodiscard]] Sequence newest(FlowIndex flow) const override;

  [[nodiscard]] std::optional<std::string> load(std::string_view key) const override;
  void put(StateRow row) override;

  // A dead letter is to be sent once more.
  void give_back(std::uint32_t flow, std::uint32_t sink, std::uint64_t sequence);
  // Ends all open requests.
  void fail(const Error& error);
  [[nodiscard]] bool has(std::uint32_t flow, std::uint32_t sink, std::uint64_t sequence) const;
  // Blocks that the sink has not confirmed completely.
  [[nodiscard]] std::size_t held(std::uint32_t flow, std::uint32_t sink);

  std::vector<Confirmation> confirmations;
  std::vector<Burial> burials;
  std::map<std::string, std::string, std::less<>> states;
  int fetches = 0;
  int splits = 0;
  std::optional<Error> split_error;  // answers the next split()

 private:
  using Reader = std::tuple<FlowIndex, SinkIndex, bool>;  // which request: after == 0 or not
  struct Request {
    Sequence after{};
    FetchHandler then;
  };

  // What one sink has of one flow, and the blocks that it lacks.
  struct Delivery {
    std::uint64_t all_up_to = 0;
    std::set<std::uint64_t> beyond;
    std::set<Sequence> held;
  };

  void serve();
  Delivery& delivery(FlowIndex flow, SinkIndex sink);

  std::map<std::pair<FlowIndex, Sequence>, BlockPtr> blocks_;
  std::map<Reader, Request> open_;
  std::map<std::pair<FlowIndex, SinkIndex>, Delivery> deliveries_;
};

// What a FakeTransport has sent, and what it answers: asked for each attempt, nothing means never.
struct Wire {
  using Script = std::function<std::optional<Answer>(const Block& block)>;
  Script script = [](const Block& /*block*/) { return Answer{.verdict = Verdict::Confirmed}; };
  std::uint64_t head_bytes = 0;  // of each request, on top of the block
  std::vector<Shipment> sent;
  AnswerHandler pending;
  int cancels = 0;

  [[nodiscard]] std::vector<std::uint64_t> sequences() const;
};

class FakeTransport final : public Transport {
 public:
  FakeTransport(boost::asio::io_context& io, Wire& wire) : io_(io), wire_(wire) {}

  void send(const Shipment& shipment, AnswerHandler then) override;
  void cancel() override { ++wire_.cancels; }

 private:
  boost::asio::io_context& io_;
  Wire& wire_;
};

inline constexpr DispatcherFeed kFirstFeed{FlowIndex(0), SinkIndex(0)};
inline constexpr DispatcherFeed kSecondFeed{FlowIndex(1), SinkIndex(3)};
inline constexpr DeliveryOptions kAtOnce{
    .retry = {std::chrono::milliseconds(0), std::chrono::milliseconds(0)}};

Answer answer(Verdict verdict, std::optional<std::chrono::milliseconds> wish = {});

class DispatcherTest : public ::testing::Test {
 protected:
  // In real time, without waits between attempts.
  std::unique_ptr<Dispatcher> dispatcher(Wire& wire, std::vector<DispatcherFeed> feeds,
                                         const DeliveryOptions& delivery = kAtOnce);
  // In simulated time.
  std::unique_ptr<Dispatcher> simulated(Wire& wire, std::vector<DispatcherFeed> feeds,
                                        const DeliveryOptions& delivery);

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
  void pass(std::chrono::milliseconds time) { time_.pass(io_, time); }

  static constexpr std::chrono::seconds kSafetyNet{30};
  SimulatedTime time_;
  FakeBuffer buffer_;
  Wire wire_;
  boost::asio::io_context io_;  // goes first: what is left in it uses the others
};

}  // namespace sluice::uplink_tests
