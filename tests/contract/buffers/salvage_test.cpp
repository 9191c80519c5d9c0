// What becomes of a file that cannot be used: the agent starts all the same, and goes on with what
// can be read.
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace sluice {
namespace {

namespace fs = std::filesystem;
using testing_support::firsts;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

constexpr std::size_t kPage = 4'096;
constexpr std::uint64_t kBlocks = 40;
constexpr std::uint64_t kConfirmed = 10;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string data_of(std::uint64_t first) {
  std::string data(1'000 + 700 * first, static_cast<char>('a' + first % 26));
  return data + std::to_string(first);
}

class SalvageTest : public testing::Test {
 protected:
  SqliteBufferOptions options() {
    return {.directory = directory_.path(), .routes = {{"a", {"x", "y"}}, {"b", {"y"}}}};
  }

  // Two flows take turns; the first blocks of both are confirmed.
  void fill(SteppedBuffer& buffer) {
    for (std::uint64_t first = 1; first <= kBlocks; ++first) {
      SealedBlock block = make_block(first % 2, first, 1, data_of(first));
      block.state = {{"last", std::to_string(first)}};
      buffer.submit(std::move(block));
    }
    buffer.tick();
    buffer.confirm(0, 0, kConfirmed);
    buffer.confirm(0, 1, kConfirmed);
    buffer.confirm(1, 0, kConfirmed);
    buffer.tick();
  }

  // A buffer that was stopped: everything is in the database.
  void make_file() {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    fill(buffer);
    epoch_ = buffer.loop().epoch();
    buffer.stop();
    buffer.close();
    ASSERT_EQ(fs::file_size(path() + "-wal"), 0U);
  }

  [[nodiscard]] std::string path() const { return directory_.file("buffer.db"); }

  void overwrite_page(std::uint64_t number, char with) {
    std::string bytes = contents(path());
    ASSERT_LE(number * kPage, bytes.size());
    bytes.replace((number - 1) * kPage, kPage, std::string(kPage, with));
    write(path(), bytes);
  }

  std::int64_t ask(const std::string& sql, const std::string& file = "buffer.db") {
    sqlite3* database = nullptr;
    std::int64_t answer = -1;
    EXPECT_EQ(sqlite3_open(directory_.file(file).c_str(), &database), SQLITE_OK);
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &answer, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    return answer;
  }
  void run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  std::uint64_t root_of(const std::string& table) {
    return static_cast<std::uint64_t>(
        ask("SELECT rootpage FROM sqlite_schema WHERE name = '" + table + "'"));
  }

  [[nodiscard]] std::vector<fs::path> quarantines() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      if (entry.path().filename().string().starts_with("quarantine-")) {
        found.push_back(entry.path());
      }
    }
    return found;
  }

  static Numbers expected(std::uint64_t flow) {
    Numbers numbers;
    for (std::uint64_t first = kConfirmed + 1; first <= kBlocks; ++first) {
      if (first % 2 == flow) {
        numbers.push_back(first);
      }
    }
    return numbers;
  }
  static void expect_everything(SteppedBuffer& buffer) {
    for (const std::uint64_t flow : {0UL, 1UL}) {
      const std::vector<BlockPtr> blocks = buffer.drain(flow, 0);
      EXPECT_EQ(firsts(blocks), expected(flow)) << "flow " << flow;
      for (const BlockPtr& block : blocks) {
        EXPECT_EQ(block->data, data_of(number(block->first)));
      }
    }
    EXPECT_EQ(buffer.drain(0, 1).size(), expected(0).size());
  }
  void expect_balance() {
    EXPECT_EQ(ask("SELECT sum(records) FROM ledger WHERE what IN ('stored', 'requeued')"),
              ask("SELECT coalesce(sum(records), 0) FROM ledger WHERE what NOT IN"
                  " ('stored', 'requeued', 'dropped_dead', 'received')"
                  " AND what NOT LIKE 'held%'") +
                  ask("SELECT coalesce(sum(n), 0) FROM block"));
    EXPECT_EQ(ask("SELECT sum(records) FROM ledger WHERE what = 'received'"),
              ask("SELECT sum(records) FROM ledger WHERE what = 'stored'"));
  }

  const TempDirectory directory_;
  std::uint64_t epoch_ = 0;
};

TEST_F(SalvageTest, AllBlocksComeBackWhenTheFirstPageIsDestroyed) {
  make_file();
  overwrite_page(1, '\x55');
  const std::string damaged = contents(path());
  {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(buffer.loop().epoch(), epoch_) << "what is sent again would not be recognised";
    EXPECT_GT(number(buffer.loop().last()), kBlocks);
    EXPECT_EQ(buffer.loop().inbox().load("last"), std::to_string(kBlocks));
    expect_everything(buffer);

    const BufferCounts counts = buffer.counts();
    EXPECT_EQ(counts.salvaged_blocks, kBlocks - kConfirmed);
    EXPECT_EQ(counts.lost_blocks, 0U);
    EXPECT_EQ(counts.lost_records, 0U);
    ASSERT_EQ(quarantines().size(), 1U);
    EXPECT_NE(counts.quarantine.find(quarantines().front().string()), std::string::npos)
        << counts.quarantine;
    EXPECT_EQ(contents(quarantines().front() / "buffer.db"), damaged);
    EXPECT_TRUE(fs::exists(quarantines().front() / "buffer.db-wal"));
    EXPECT_EQ(contents(quarantines().front() / "salvage.txt"), counts.quarantine + '\n');
    buffer.stop();
    buffer.close();
  }
  expect_balance();
  SteppedBuffer again(options());
  ASSERT_TRUE(again.open());
  EXPECT_EQ(again.counts().quarantine, "");
  EXPECT_EQ(quarantines().size(), 1U);
  expect_everything(again);
}

// One page each. The name of a flow is in its table and in the index of that.
TEST_F(SalvageTest, ALostPageOfASmallTableLosesNoBlock) {
  for (const std::string table : {"meta", "flow", "sqlite_autoindex_flow_1", "cursor", "state",
                                  "sqlite_autoindex_state_1", "block_flow", "quarantine",
                                  "confirmed", "dead", "dead_block", "ledger", "sqlite_sequence"}) {
    SCOPED_TRACE(table);
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      fs::remove_all(entry.path());
    }
    make_file();
    overwrite_page(root_of(table), '\0');
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    if (table == "cursor") {
      // Nobody knows what is confirmed, so everything that is there is sent again, also what has
      // been removed and not overwritten.
      for (const std::size_t flow : {0UL, 1UL}) {
        const Numbers found = firsts(buffer.drain(flow, 0));
        EXPECT_TRUE(std::ranges::includes(found, expected(flow))) << "flow " << flow;
      }
    } else {
      expect_everything(buffer);
    }
    EXPECT_EQ(buffer.loop().epoch() == epoch_, table != "meta");
    EXPECT_EQ(buffer.counts().lost_blocks, 0U);
    const std::uint64_t next = number(buffer.loop().last()) + 1;
    buffer.submit(make_block(0, next, 1, "new"));
    buffer.tick();
    EXPECT_EQ(buffer.settled().size(), 1U) << buffer.counts().trouble;
    buffer.stop();
    buffer.close();
    expect_balance();
  }
}

TEST_F(SalvageTest, WhatCannotBeReadIsCounted) {
  make_file();
  std::string bytes = contents(path());
  const std::string marked = data_of(kBlocks);
  bytes.resize(bytes.size() / 2 / kPage * kPage);
  write(path(), bytes);
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  const std::size_t back = buffer.drain(0, 0).size() + buffer.drain(1, 0).size();
  const std::uint64_t lost = kBlocks - kConfirmed - back;
  EXPECT_GT(back, 0U);
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(buffer.counts().salvaged_blocks, back);
  EXPECT_EQ(buffer.counts().lost_blocks, lost);
  EXPECT_EQ(buffer.counts().lost_records, lost);
  EXPECT_NE(buffer.counts().quarantine.find(std::to_string(lost) + " blocks are lost"),
            std::string::npos)
      << buffer.counts().quarantine;
  buffer.stop();
  buffer.close();
  expect_balance();
}

TEST_F(SalvageTest, AFileThatIsNoDatabaseIsSetAside) {
  write(path(), std::string(3 * kPage, 'x'));
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  fill(buffer);
  expect_everything(buffer);
  ASSERT_EQ(quarantines().size(), 1U);
  EXPECT_EQ(contents(quarantines().front() / "buffer.db"), std::string(3 * kPage, 'x'));
}

TEST_F(SalvageTest, ADatabaseOfAnotherProgramIsSetAsideAsItIs) {
  run("CREATE TABLE user(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
      "INSERT INTO user VALUES (1, 'a'), (2, 'b');"
      "CREATE TABLE setting(key TEXT, value BLOB); INSERT INTO setting VALUES ('last', x'3031');");
  const std::string before = contents(path());
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  EXPECT_NE(buffer.counts().quarantine.find("another program"), std::string::npos)
      << buffer.counts().quarantine;
  EXPECT_FALSE(buffer.loop().inbox().load("last").has_value());
  EXPECT_EQ(buffer.counts().salvaged_blocks, 0U);
  ASSERT_EQ(quarantines().size(), 1U);
  EXPECT_EQ(contents(quarantines().front() / "buffer.db"), before);
  fill(buffer);
  expect_everything(buffer);
}

TEST_F(SalvageTest, TheLogOfAnEmptyDatabaseIsRead) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  fill(buffer);
  const std::string log = contents(path() + "-wal");
  buffer.close();
  write(path(), "");
  write(path() + "-wal", log);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.counts().salvaged_blocks, kBlocks - kConfirmed);
  expect_everything(buffer);
}

TEST_F(SalvageTest, ALogThatIsMissingAfterACrashIsToldAndSequencesAreNotUsedTwice) {
  make_file();
  fs::remove(path() + "-wal");
  const SystemClock clock;
  {
    auto loop = StoreLoop::open(options(), clock, Suspicion::AfterCrash);
    ASSERT_TRUE(loop);
    EXPECT_GT(number((*loop)->last()), kBlocks + 1'000'000);
    EXPECT_NE((*loop)->inbox().counts().quarantine.find("log is missing"), std::string::npos);
  }
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  expect_everything(buffer);
}

TEST_F(SalvageTest, ADatabaseWhoseAgentWasStoppedNeedsNoLog) {
  make_file();
  fs::remove(path() + "-wal");
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.counts().quarantine, "");
  EXPECT_EQ(number(buffer.loop().last()), kBlocks);
  expect_everything(buffer);
}

// Every state of the directory in which a crash can leave a salvage.
TEST_F(SalvageTest, IsFinishedByTheNextStartWhereverItIsInterrupted) {
  make_file();
  const std::string salvaged = contents(path());
  overwrite_page(1, '\x55');
  const std::string damaged = contents(path());
  const std::string quarantine = directory_.file("quarantine-20200101T000000Z");
  struct State {
    const char* name;
    bool unfinished, quarantined, finished, moved;
  };
  for (const State& state : {State{"while the new file is written", true, false, false, false},
                             State{"before the new file has its name", true, true, false, false},
                             State{"before the damaged file is moved", false, true, true, false},
                             State{"before the new file is in place", false, true, true, true}}) {
    SCOPED_TRACE(state.name);
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      fs::remove_all(entry.path());
    }
    if (state.quarantined) {
      fs::create_directory(quarantine);
    }
    write(state.moved ? quarantine + "/buffer.db" : path(), damaged);
    if (state.unfinished) {
      write(directory_.file("buffer.salvage"), salvaged.substr(0, 5 * kPage));
    }
    if (state.finished) {
      write(directory_.file("buffer.salvaged"), salvaged);
    }
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    EXPECT_NE(buffer.counts().quarantine, "");
    expect_everything(buffer);
    EXPECT_FALSE(fs::exists(directory_.file("buffer.salvage")));
    EXPECT_FALSE(fs::exists(directory_.file("buffer.salvaged")));
    EXPECT_TRUE(std::ranges::any_of(quarantines(), [&](const fs::path& each) {
      return contents(each / "buffer.db") == damaged;
    }));
  }
}

// Damage that shows only when a block is read: the rest must not wait for a restart.
TEST_F(SalvageTest, DamageThatIsMetWhileRunningIsLeftBehind) {
  make_file();
  std::string bytes = contents(path());
  // A page in the middle of a block, with nothing but its data and the number of the next page.
  const std::string inside(2'000, static_cast<char>('a' + 30 % 26));
  const std::size_t page = bytes.find(inside) / kPage + 1;
  bytes.replace(page * kPage, kPage, std::string(kPage, '\x77'));
  write(path(), bytes);

  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.counts().quarantine, "");
  Numbers found;
  for (int i = 0; i < 5; ++i) {
    for (const std::uint64_t first : firsts(buffer.drain(0, 0))) {
      found.push_back(first);
    }
    buffer.tick();
  }
  std::ranges::sort(found);
  const auto repeated = std::ranges::unique(found);
  found.erase(repeated.begin(), repeated.end());
  Numbers all_but_one = expected(0);
  std::erase(all_but_one, 30);
  EXPECT_EQ(found, all_but_one);
  EXPECT_NE(buffer.counts().quarantine, "");
  EXPECT_EQ(buffer.counts().lost_blocks, 1U);
  EXPECT_EQ(buffer.loop().epoch(), epoch_);
  buffer.submit(make_block(0, kBlocks + 1, 1, "new"));
  buffer.tick();
  EXPECT_EQ(buffer.settled().size(), 1U) << buffer.counts().trouble;
  EXPECT_EQ(buffer.counts().trouble, "");
  buffer.stop();
  buffer.close();
  expect_balance();
}

TEST_F(SalvageTest, DeadLettersAndRangesAreKept) {
  {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    fill(buffer);
    buffer.confirm(0, 0, 20, 30);
    buffer.loop().inbox().bury({.flow = FlowIndex(1),
                                .sink = SinkIndex(0),
                                .range = {Sequence(10), Sequence(11)},
                                .why = {"refused", "no such column"},
                                .block = nullptr});
    buffer.tick();
    buffer.stop();
    buffer.close();
  }
  ASSERT_EQ(ask("SELECT count(*) FROM dead"), 1);
  overwrite_page(1, '\x55');
  {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(firsts(buffer.drain(0, 0)), (Numbers{12, 14, 16, 18, 20, 32, 34, 36, 38, 40}));
    EXPECT_EQ(firsts(buffer.drain(1, 0)).front(), 13U);
    buffer.stop();
    buffer.close();
  }
  EXPECT_EQ(ask("SELECT count(*) FROM dead WHERE first = 11 AND sink = 'y' AND reason = 'refused'"
                " AND detail = 'no such column' AND length(data) > 0"),
            1);
  expect_balance();
}

}  // namespace
}  // namespace sluice
