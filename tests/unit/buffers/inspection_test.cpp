// What tools see of a buffer, and what they may give up, while it is used and when it is not.
#include "buffers/inspection.h"

#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::firsts;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;
using Sums = Ledger;

Timestamp at(std::int64_t milliseconds) {
  return Timestamp(std::chrono::milliseconds(milliseconds));
}

class InspectionTest : public testing::Test {
 protected:
  explicit InspectionTest(std::vector<Route> routes = {{"a", {"x", "y"}}, {"b", {"x"}}})
      : options_{.directory = directory_.path(), .routes = std::move(routes)}, buffer_(options_) {
    EXPECT_TRUE(buffer_.open());
  }

  void store(std::size_t flow, std::uint64_t first, std::uint32_t count = 1) {
    buffer_.submit(make_block(flow, first, count, "data"));
    buffer_.tick();
  }

  // Runs `work` as the store thread does.
  template <class Work>
  auto look(Work work) {
    std::optional<decltype(work(std::declval<Inspection&>()))> outcome;
    buffer_.loop().inbox().inspect([&](Result<Inspection*> file) {
      ASSERT_TRUE(file) << file.error().message;
      outcome.emplace(work(**file));
    });
    buffer_.step();
    return *std::move(outcome);
  }

  BufferOutline outline() {
    return *look([](Inspection& file) { return file.outline(); });
  }
  FlowOutline flow(const std::string& name) {
    for (FlowOutline& each : outline().flows) {
      if (each.name == name) {
        return each;
      }
    }
    ADD_FAILURE() << "no flow " << name;
    return {};
  }
  Numbers blocks(std::optional<StoredFlow> flow = std::nullopt, std::uint64_t after = 0,
                 std::size_t most = 1'000) {
    Numbers found;
    const auto rows =
        look([&](Inspection& file) { return file.blocks(flow, Sequence(after), most); });
    EXPECT_TRUE(rows);
    for (const BlockOutline& each : *rows) {
      found.push_back(number(each.first));
    }
    return found;
  }
  Result<PurgeStep> purge(const PurgeOrder& order, std::uint64_t after = 0,
                          std::uint64_t through = 1'000'000) {
    return look(
        [&](Inspection& file) { return file.purge(order, Sequence(after), Sequence(through)); });
  }
  const TempDirectory directory_;
  SqliteBufferOptions options_;
  SteppedBuffer buffer_;
};

TEST_F(InspectionTest, ShowsFlowsSinksAndTheLedger) {
  store(0, 1, 5);
  store(1, 6, 2);
  store(0, 8, 3);
  buffer_.confirm(0, 0, 5);
  buffer_.confirm(0, 1, 7, 10);
  buffer_.tick();
  const BufferOutline seen = outline();
  EXPECT_EQ(seen.epoch, buffer_.loop().epoch());
  EXPECT_EQ(seen.last, Sequence(10));
  EXPECT_GT(seen.used_bytes, 0U);
  EXPECT_EQ(seen.quarantined, 0U);
  ASSERT_EQ(seen.flows.size(), 2U);
  const FlowOutline a = flow("a");
  EXPECT_TRUE(a.configured);
  EXPECT_EQ(a.max_size, options_.routes[0].max_size);
  EXPECT_EQ(a.ledger, (Sums{{"received", 8}, {"stored", 8}}));
  ASSERT_EQ(a.sinks.size(), 2U);
  EXPECT_EQ(a.sinks[0].name, "x");
  EXPECT_EQ(a.sinks[0].confirmed, Sequence(5));
  EXPECT_TRUE(a.sinks[0].ranges.empty());
  EXPECT_EQ(a.sinks[1].confirmed, Sequence(0));
  EXPECT_EQ(a.sinks[1].ranges, (std::vector{std::pair(Sequence(7), Sequence(10))}));
  const FlowOutline b = flow("b");
  ASSERT_EQ(b.sinks.size(), 1U);
  EXPECT_EQ(b.sinks[0].confirmed, Sequence(0)) << "a sink that has nothing yet is shown too";
}

TEST_F(InspectionTest, ListsBlocksOfOneFlowOrOfAllInPieces) {
  store(0, 1, 5);
  store(1, 6, 2);
  store(0, 8, 3);
  EXPECT_EQ(blocks(), (Numbers{1, 6, 8}));
  EXPECT_EQ(blocks(flow("a").id), (Numbers{1, 8}));
  EXPECT_EQ(blocks(flow("b").id), (Numbers{6}));
  EXPECT_EQ(blocks(std::nullopt, 1, 1), (Numbers{6}));
  EXPECT_EQ(blocks(flow("a").id, 8), (Numbers{}));
  const StoredFlow flow_a = flow("a").id;
  const auto block =
      look([&](Inspection& file) { return file.block(flow_a, Sequence(6), Sequence(0)); });
  ASSERT_TRUE(block && block->has_value());
  EXPECT_EQ((*block)->outline.last, Sequence(10));
  EXPECT_EQ((*block)->outline.records, 3U);
  ASSERT_NE((*block)->block, nullptr);
  EXPECT_EQ((*block)->block->data, "data");
  const auto none =
      look([&](Inspection& file) { return file.block(flow_a, Sequence(8), Sequence(10)); });
  EXPECT_TRUE(none && !none->has_value());
}

TEST_F(InspectionTest, FindsTheRestOfABlockThatWasPutTogetherMeanwhile) {
  store(0, 1, 2);
  store(0, 3, 2);
  store(0, 5, 2);
  const auto next = [&](std::uint64_t after, std::uint64_t seen) {
    const StoredFlow a = flow("a").id;
    return **look([&](Inspection& file) { return file.block(a, Sequence(after), Sequence(seen)); });
  };
  EXPECT_EQ(next(1, 2).outline.first, Sequence(3));
  buffer_.close();
  Result<sqlite::Connection> database =
      sqlite::Connection::open("file:" + directory_.file("buffer.db"), nullptr, false);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->run("UPDATE block SET n = 4 WHERE id = 1; DELETE FROM block WHERE id = 3"));
  database = Error{Reaction::Closed, ""};
  ASSERT_TRUE(buffer_.open());
  EXPECT_EQ(next(1, 2).outline.first, Sequence(1)) << "3 and 4 are in there now";
  EXPECT_EQ(next(1, 4).outline.first, Sequence(5));
}

TEST_F(InspectionTest, DoesOneStepInARoundSoThatCommitsComeBetween) {
  int steps = 0;
  for (int i = 0; i < 3; ++i) {
    buffer_.loop().inbox().inspect([&](const Result<Inspection*>&) { ++steps; });
  }
  buffer_.submit(make_block(0, 1, 1, "data"));
  buffer_.loop().inbox().flush();
  buffer_.step();
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(buffer_.settled(), (Numbers{1})) << "the commit did not wait for the others";
  buffer_.step();
  buffer_.step();
  EXPECT_EQ(steps, 3);
}

TEST_F(InspectionTest, AnswersEveryStepWhenTheBufferCloses) {
  int closed = 0;
  const auto count = [&](const Result<Inspection*>& file) {
    closed += !file && file.error().reaction == Reaction::Closed ? 1 : 0;
  };
  testing_support::Settlements nobody;
  buffer_.loop().inbox().inspect(count);
  std::stop_source stop;
  stop.request_stop();
  buffer_.loop().run(nobody, std::chrono::seconds(1), stop.get_token());
  buffer_.loop().inbox().inspect(count);
  EXPECT_EQ(closed, 2);
}

TEST_F(InspectionTest, PurgesEverythingOfAFlow) {
  store(0, 1, 5);
  store(1, 6, 2);
  store(0, 8, 3);
  const auto step = purge({.flow = "a", .sink = {}, .before = {}});
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_TRUE(step->done);
  EXPECT_EQ(step->blocks, 2U);
  EXPECT_EQ(step->records, 8U);
  EXPECT_EQ(step->bytes, 8U);
  EXPECT_EQ(blocks(), (Numbers{6}));
  EXPECT_EQ(flow("a").ledger, (Sums{{"received", 8}, {"stored", 8}, {"dropped_purged", 8}}));
  EXPECT_EQ(buffer_.counts().held_records, 2U);
  EXPECT_EQ(buffer_.fetch(0, 0, 0), nullptr);
  store(0, 11);
  EXPECT_EQ(firsts(buffer_.drain(0, 1)), (Numbers{11})) << "the sinks go on with what comes later";
}

TEST_F(InspectionTest, PurgesInStepsAndOnlyWhatWasThereAtTheBeginning) {
  for (std::uint64_t first = 1; first <= 200; ++first) {
    buffer_.submit(make_block(0, first, 1, "data"));
  }
  buffer_.tick();
  auto step = purge({}, 0, 150);
  ASSERT_TRUE(step);
  EXPECT_FALSE(step->done);
  EXPECT_EQ(step->reached, Sequence(step->blocks));
  step = purge({}, number(step->reached), 150);
  ASSERT_TRUE(step);
  EXPECT_TRUE(step->done);
  EXPECT_EQ(blocks().size(), 50U);
  EXPECT_EQ(blocks().front(), 151U);
}

TEST_F(InspectionTest, PurgesOnlyWhatIsOlder) {
  store(0, 1);  // its last record is of 2,001 ms
  store(0, 2);
  ASSERT_TRUE(purge({.flow = {}, .sink = {}, .before = at(2'002)}));
  EXPECT_EQ(blocks(), (Numbers{2}));
}

TEST_F(InspectionTest, PurgesForOneSinkAndKeepsWhatOthersNeed) {
  store(0, 1, 5);
  store(1, 6, 2);
  store(0, 8, 3);
  store(0, 11, 4);
  buffer_.confirm(0, 1, 5);  // y has the first
  buffer_.tick();
  const auto step = purge({.flow = "a", .sink = "x", .before = {}}, 0, 10);
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_EQ(step->blocks, 2U);
  EXPECT_EQ(step->records, 8U);
  EXPECT_EQ(step->bytes, 4U) << "the other one is still there for y";
  EXPECT_EQ(blocks(), (Numbers{6, 8, 11}));
  EXPECT_EQ(flow("a").ledger, (Sums{{"received", 12}, {"stored", 12}, {"dropped_purged", 5}}));
  const SinkOutline x = flow("a").sinks[0];
  EXPECT_EQ(x.confirmed, Sequence(10)) << "one range, not one for each block";
  EXPECT_TRUE(x.ranges.empty());
  EXPECT_EQ(firsts(buffer_.drain(0, 0)), (Numbers{11}));
  EXPECT_EQ(firsts(buffer_.drain(0, 1)), (Numbers{8, 11}));
  buffer_.confirm(0, 1, 14);
  buffer_.tick();
  EXPECT_EQ(flow("a").ledger,
            (Sums{{"received", 12}, {"stored", 12}, {"dropped_purged", 5}, {"delivered", 3}}));
}

TEST_F(InspectionTest, LeavesOlderBlocksToTheSinkWhoseNewerOnesArePurged) {
  store(0, 1);
  store(0, 2);
  store(0, 3);
  ASSERT_TRUE(purge({.flow = "a", .sink = "x", .before = {}}, 1));
  EXPECT_EQ(firsts(buffer_.drain(0, 0)), (Numbers{1}));
  EXPECT_EQ(firsts(buffer_.drain(0, 1)), (Numbers{1, 2, 3}));
}

TEST_F(InspectionTest, RemembersAPurgeOverARestart) {
  store(0, 1, 5);
  store(0, 6, 5);
  ASSERT_TRUE(purge({.flow = "a", .sink = "x", .before = {}}, 0, 1));
  ASSERT_TRUE(buffer_.open());
  EXPECT_EQ(firsts(buffer_.drain(0, 0)), (Numbers{6}));
  ASSERT_TRUE(purge({}));
  ASSERT_TRUE(buffer_.open());
  EXPECT_EQ(blocks(), (Numbers{}));
  store(0, 11);
  EXPECT_EQ(firsts(buffer_.drain(0, 0)), (Numbers{11}));
}

TEST_F(InspectionTest, KnowsWhichFlowsAndSinksThereAre) {
  store(0, 1);
  const PurgeOrder no_flow{.flow = "c", .sink = {}, .before = {}};
  const PurgeOrder no_sink{.flow = "a", .sink = "z", .before = {}};
  for (const PurgeOrder& wrong : {no_flow, no_sink}) {
    const auto step = purge(wrong);
    ASSERT_FALSE(step);
    EXPECT_EQ(step.error().reaction, Reaction::Reject);
  }
  EXPECT_EQ(blocks(), (Numbers{1}));
}

class SmallerConfiguration : public InspectionTest {
 protected:
  SmallerConfiguration() : InspectionTest({{"a", {"x"}}}) {}
};

TEST_F(SmallerConfiguration, PurgesFlowsThatLeftIt) {
  buffer_.close();
  {
    SteppedBuffer earlier({.directory = directory_.path(), .routes = {{"a", {"x"}}, {"b", {"x"}}}});
    ASSERT_TRUE(earlier.open());
    earlier.submit(make_block(1, 1, 3, "data"));
    earlier.tick();
  }
  ASSERT_TRUE(buffer_.open());
  EXPECT_FALSE(flow("b").configured);
  const auto step = purge({.flow = "b", .sink = {}, .before = {}});
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_EQ(step->records, 3U);
  EXPECT_EQ(blocks(), (Numbers{}));
  EXPECT_EQ(buffer_.counts().held_records, 0U);
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_F(InspectionTest, ReadsTheFileOfAStoppedAgentWithoutAChange) {
  store(0, 1, 5);
  buffer_.close();
  const std::string before = bytes_of(directory_.file("buffer.db"));
  const std::string log_before = bytes_of(directory_.file("buffer.db-wal"));
  {
    const auto file = open_stopped_buffer(options_);
    ASSERT_TRUE(file) << file.error().message;
    (*file)->inspect([](Result<Inspection*> look) {
      ASSERT_TRUE(look);
      const auto block = (*look)->block(StoredFlow(1), Sequence(0), Sequence(0));
      ASSERT_TRUE(block && block->has_value());
      EXPECT_EQ((*block)->outline.records, 5U);
      EXPECT_FALSE((*look)->purge({}, Sequence(0), Sequence(9)));
    });
    EXPECT_FALSE(open_stopped_buffer(options_)) << "one at a time";
  }
  EXPECT_EQ(bytes_of(directory_.file("buffer.db")), before);
  EXPECT_EQ(bytes_of(directory_.file("buffer.db-wal")), log_before);
}

TEST_F(InspectionTest, ReadsWhatACrashHasLeftInTheLog) {
  store(0, 1, 5);
  const TempDirectory copy;  // as a kill would leave it
  for (const char* name : {"buffer.db", "buffer.db-wal"}) {
    std::filesystem::copy_file(directory_.file(name), copy.file(name));
  }
  const std::string log = bytes_of(copy.file("buffer.db-wal"));
  ASSERT_FALSE(log.empty());
  {
    const auto file = open_stopped_buffer({.directory = copy.path(), .routes = {}});
    ASSERT_TRUE(file) << file.error().message;
    (*file)->inspect([](Result<Inspection*> look) {
      ASSERT_TRUE(look);
      EXPECT_EQ((*(*look)->blocks(std::nullopt, Sequence(0), 9)).size(), 1U);
    });
  }
  EXPECT_EQ(bytes_of(copy.file("buffer.db-wal")), log) << "the agent will want to see it itself";
}

TEST_F(InspectionTest, SaysWhenThereIsNoBuffer) {
  const TempDirectory empty;
  const auto file = open_stopped_buffer({.directory = empty.path(), .routes = {}});
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().reaction, Reaction::Reject);
  EXPECT_NE(file.error().message.find("no buffer.db"), std::string::npos) << file.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(empty.path())) << "nothing is made by looking";
}

TEST_F(InspectionTest, ShowsADamagedBlockWithoutItsData) {
  store(0, 1);
  store(0, 2);
  buffer_.close();
  Result<sqlite::Connection> database =
      sqlite::Connection::open("file:" + directory_.file("buffer.db"), nullptr, false);
  ASSERT_TRUE(database);
  ASSERT_TRUE(database->run("UPDATE block SET data = x'00' WHERE id = 1"));
  database = Error{Reaction::Closed, ""};
  ASSERT_TRUE(buffer_.open());
  const auto block =
      look([](Inspection& file) { return file.block(StoredFlow(1), Sequence(0), Sequence(0)); });
  ASSERT_TRUE(block && block->has_value());
  EXPECT_EQ((*block)->outline.first, Sequence(1));
  EXPECT_EQ((*block)->block, nullptr);
}

}  // namespace
}  // namespace sluice
