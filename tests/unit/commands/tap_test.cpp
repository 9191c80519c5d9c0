// Records as they leave a flow.
#include "commands/tap.h"

#include "tests/support/fake_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

class CountingBuffer final : public BlockWriter {
 public:
  void submit(SealedBlock block) override { blocks.push_back(std::move(block)); }
  void flush() override { ++flushes; }

  std::vector<SealedBlock> blocks;
  int flushes = 0;
};

std::string line_of(std::uint64_t sequence) {
  return "{\"seq\":" + std::to_string(sequence) + ",\"ts\":1,\"topic\":\"a/" +
         std::to_string(sequence % 2) + "\",\"data\":1}\n";
}

SealedBlock block_of(FlowIndex flow, std::uint64_t first, std::uint32_t count) {
  Block block;
  block.flow = flow;
  block.first = Sequence(first);
  block.count = count;
  block.codec = Codec::Ndjson;
  for (std::uint64_t sequence = first; sequence < first + count; ++sequence) {
    block.data += line_of(sequence);
  }
  return {std::make_shared<const Block>(std::move(block)), {}};
}

// Somebody who reads as fast as he can.
class Reader {
 public:
  explicit Reader(std::unique_ptr<AdminBody> body) : body_(std::move(body)) { ask(); }

  void ask() {
    body_->next([this](AdminChunk piece) {
      ASSERT_TRUE(piece);
      if (!piece->has_value()) {
        ended = true;
        return;
      }
      text += **piece;
      asked_back = true;
    });
    while (asked_back && !ended) {
      asked_back = false;
      ask();
    }
  }
  void catch_up() {
    if (asked_back) {
      asked_back = false;
      ask();
    }
  }

  std::string text;
  bool ended = false;
  bool asked_back = false;

 private:
  std::unique_ptr<AdminBody> body_;
};

class TappedFlow : public testing::Test {
 protected:
  std::unique_ptr<AdminBody> listen(TapChoice choice) {
    auto body = tap_.listen(std::move(choice));
    EXPECT_TRUE(body);
    return *std::move(body);
  }
  static std::size_t lines_in(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  CountingBuffer buffer_;
  testing_support::FakeClock clock_;
  Tap tap_{buffer_, clock_};
};

TEST_F(TappedFlow, GoesOnToTheBufferWhetherSomebodyListensOrNot) {
  tap_.submit(block_of(FlowIndex(0), 1, 3));
  const Reader reader(listen({.count = {}, .topic = {}}));
  tap_.submit(block_of(FlowIndex(0), 4, 3));
  tap_.flush();
  ASSERT_EQ(buffer_.blocks.size(), 2U);
  EXPECT_EQ(buffer_.blocks[1].block->first, Sequence(4));
  EXPECT_EQ(buffer_.flushes, 1);
}

TEST_F(TappedFlow, ShowsWhatPassesFromNowOn) {
  tap_.submit(block_of(FlowIndex(0), 1, 3));
  Reader reader(listen({.count = {}, .topic = {}}));
  tap_.submit(block_of(FlowIndex(1), 4, 3));
  tap_.submit(block_of(FlowIndex(0), 7, 2));
  reader.catch_up();
  EXPECT_EQ(reader.text, line_of(7) + line_of(8));
}

TEST_F(TappedFlow, ShowsNoMoreThanTheRateEvenlySpread) {
  Reader reader(listen({.rate = 4, .count = {}, .topic = {}}));
  tap_.submit(block_of(FlowIndex(0), 0, 8));
  reader.catch_up();
  EXPECT_EQ(reader.text, line_of(0) + line_of(2) + line_of(4) + line_of(6));
  reader.text.clear();
  tap_.submit(block_of(FlowIndex(0), 8, 8));
  reader.catch_up();
  EXPECT_EQ(reader.text, "") << "no time has passed";
  clock_.advance(500ms);
  tap_.submit(block_of(FlowIndex(0), 16, 8));
  reader.catch_up();
  EXPECT_EQ(reader.text, line_of(16) + line_of(20));
  reader.text.clear();
  clock_.advance(1h);
  tap_.submit(block_of(FlowIndex(0), 24, 100));
  reader.catch_up();
  EXPECT_EQ(lines_in(reader.text), 4U) << "what nobody has used up is not saved";
}

TEST_F(TappedFlow, EndsWhenEnoughHasBeenShown) {
  Reader reader(listen({.rate = 100, .count = 3, .topic = {}}));
  tap_.submit(block_of(FlowIndex(0), 1, 2));
  reader.catch_up();
  EXPECT_FALSE(reader.ended);
  tap_.submit(block_of(FlowIndex(0), 3, 10));
  reader.catch_up();
  EXPECT_TRUE(reader.ended);
  EXPECT_EQ(lines_in(reader.text), 3U);
}

TEST_F(TappedFlow, ShowsOnlyTopicsThatAreWanted) {
  Reader reader(listen({.count = {}, .topic = "+/1"}));
  tap_.submit(block_of(FlowIndex(0), 1, 4));
  reader.catch_up();
  EXPECT_EQ(reader.text, line_of(1) + line_of(3));
}

TEST_F(TappedFlow, KeepsLittleForSomebodyWhoDoesNotRead) {
  auto body = listen({.rate = 10'000, .count = {}, .topic = {}});
  const BlockPtr first = block_of(FlowIndex(0), 1, 1).block;
  for (int i = 0; i < 100; ++i) {
    tap_.submit({first, {}});
  }
  buffer_.blocks.clear();
  EXPECT_LE(first.use_count(), 5);
}

TEST_F(TappedFlow, GivesASignOfLifeNowAndThen) {
  Reader reader(listen({.count = {}, .topic = {}}));
  for (unsigned i = 0; i < 2 * Tap::kBeatsBetweenSigns; ++i) {
    tap_.beat();
    reader.catch_up();
  }
  EXPECT_EQ(reader.text, "\n\n");
}

TEST_F(TappedFlow, TakesAFewListenersOnlyAndForgetsThoseThatHaveGone) {
  std::vector<std::unique_ptr<AdminBody>> bodies;
  for (std::size_t i = 0; i < Tap::kMostListeners; ++i) {
    bodies.push_back(listen({.count = {}, .topic = {}}));
  }
  const auto refused = tap_.listen({.count = {}, .topic = {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Full);
  bodies.pop_back();
  EXPECT_TRUE(tap_.listen({.count = {}, .topic = {}}));
  bodies.clear();
  const BlockPtr block = block_of(FlowIndex(0), 1, 1).block;
  tap_.submit({block, {}});
  EXPECT_EQ(block.use_count(), 2) << "ours and the buffer's";
}

class TapRequest : public TappedFlow {
 protected:
  AdminResponse ask(const std::map<std::string, std::string, std::less<>>& query) {
    AdminRoutes routes;
    add_tap_route(routes, tap_, {"logs", "telemetry"});
    const AdminRoutes::Route* route = routes.find(AdminMethod::Get, "/tap");
    EXPECT_EQ(route->access, AdminAccess::Data) << "it shows records";
    return route->handler({.path = "/tap", .query = query, .body = {}});
  }
};

TEST_F(TapRequest, NamesAFlowAndWhatIsWanted) {
  const AdminResponse answer = ask({{"flow", "telemetry"}, {"rate", "5"}, {"count", "2"}});
  EXPECT_EQ(answer.status, 200U);
  ASSERT_NE(answer.body, nullptr);
}

TEST_F(TapRequest, IsRefusedIfItMakesNoSense) {
  const AdminResponse unknown = ask({{"flow", "telemetri"}});
  EXPECT_EQ(unknown.status, 400U);
  EXPECT_NE(unknown.text.find("there are: logs, telemetry"), std::string::npos) << unknown.text;
  EXPECT_EQ(ask({}).status, 400U);
  for (const char* rate : {"0", "-1", "10001", "x", ""}) {
    EXPECT_EQ(ask({{"flow", "logs"}, {"rate", rate}}).status, 400U) << rate;
  }
  EXPECT_EQ(ask({{"flow", "logs"}, {"count", "0"}}).status, 400U);
}

}  // namespace
}  // namespace sluice
