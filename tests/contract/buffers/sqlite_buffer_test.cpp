// What the buffer in a file promises beyond the contract of all buffers: restarts, a changed
// configuration, limits, and that nobody else uses its directory.
#include "buffers/sqlite_buffer.h"

#include "tests/support/buffer_probe.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::Fetch;
using testing_support::make_block;
using testing_support::Settlements;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

// A buffer with its thread.
class Running {
 public:
  explicit Running(SqliteBufferOptions options)
      : buffer_(*open_sqlite_buffer(std::move(options), clock_)),
        thread_([this](std::stop_token stop) {
          buffer_->run(settlements_, std::chrono::seconds(10), std::move(stop));
        }) {}

  SqliteBuffer* operator->() { return buffer_.get(); }
  SqliteBuffer& operator*() { return *buffer_; }

  // Submits and waits until everything is on the disk.
  void store(std::size_t flow, std::uint64_t first, std::uint32_t count = 1,
             const std::string& data = "data") {
    submit(flow, first, count, data);
    buffer_->flush();
    ASSERT_TRUE(settlements_.wait_for(submitted_));
  }
  void submit(std::size_t flow, std::uint64_t first, std::uint32_t count = 1,
              const std::string& data = "data") {
    buffer_->submit(make_block(flow, first, count, data));
    ++submitted_;
  }
  std::uint64_t fetch(std::size_t flow, std::size_t sink, std::uint64_t after = 0) {
    return Fetch(*buffer_, flow, sink, after).first();
  }
  void confirm(std::size_t flow, std::size_t sink, std::uint64_t last) {
    buffer_->confirm(FlowIndex(flow), SinkIndex(sink), Sequence(0), Sequence(last));
  }
  Settlements& settlements() { return settlements_; }

 private:
  SystemClock clock_;
  Settlements settlements_;
  std::size_t submitted_ = 0;
  std::unique_ptr<SqliteBuffer> buffer_;
  std::jthread thread_;  // last: it ends before what it uses
};

class SqliteBufferTest : public testing::Test {
 protected:
  SqliteBufferOptions options(std::vector<Route> routes = {{"a", {"x"}}}) {
    return {.directory = directory_.path(), .routes = std::move(routes)};
  }
  Result<std::unique_ptr<SqliteBuffer>> open() { return open_sqlite_buffer(options(), clock_); }

  void change_file(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.file("buffer.db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

  std::int64_t ask_file(const std::string& sql) {
    sqlite3* database = nullptr;
    std::int64_t answer = -1;
    EXPECT_EQ(sqlite3_open(directory_.file("buffer.db").c_str(), &database), SQLITE_OK);
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::int64_t*>(out) = std::stoll(values[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, sql.c_str(), take, &answer, nullptr), SQLITE_OK);
    sqlite3_close(database);
    return answer;
  }

  const TempDirectory directory_;
  const SystemClock clock_;
};

TEST_F(SqliteBufferTest, KeepsBlocksCursorsStateAndIdentityOverARestart) {
  std::uint64_t epoch = 0;
  {
    Running buffer(options());
    epoch = buffer->epoch();
    EXPECT_EQ(buffer->last_sequence(), Sequence(0));
    buffer.store(0, 1, 5);
    buffer.store(0, 6, 2);
    buffer.confirm(0, 0, 5);
    buffer->put({"key", std::string("\0value", 6)});
  }
  Running buffer(options());
  EXPECT_EQ(buffer->epoch(), epoch);
  EXPECT_EQ(buffer->last_sequence(), Sequence(7));
  EXPECT_EQ(buffer->load("key"), std::string("\0value", 6));
  EXPECT_EQ(buffer.fetch(0, 0), 6U);
  EXPECT_EQ(buffer->counts().held_blocks, 1U);
  EXPECT_EQ(buffer->counts().held_records, 2U);
  EXPECT_EQ(buffer->counts().held_bytes, 4U);
}

TEST_F(SqliteBufferTest, DoesNotForgetTheLastSequenceWhenEverythingIsConfirmed) {
  {
    Running buffer(options());
    buffer.store(0, 1, 9);
    buffer.confirm(0, 0, 9);
  }
  Running buffer(options());
  EXPECT_EQ(buffer->counts().held_blocks, 0U);
  EXPECT_EQ(buffer->last_sequence(), Sequence(9));
}

TEST_F(SqliteBufferTest, FlushCommitsWithoutWaitingForTheTick) {
  SqliteBufferOptions slow = options();
  slow.flush_interval = std::chrono::hours(1);
  Running buffer(slow);
  buffer.store(0, 1);
  buffer.store(0, 2);
  EXPECT_EQ(buffer->counts().commits, 2U);
  EXPECT_EQ(buffer->counts().stored_bytes, 8U);
}

TEST_F(SqliteBufferTest, CommitsAMebibyteWithoutWaitingForTheTick) {
  SqliteBufferOptions slow = options();
  slow.flush_interval = std::chrono::hours(1);
  Running buffer(slow);
  for (std::uint64_t first = 1; first <= 5; ++first) {
    buffer.submit(0, first, 1, std::string(256UL * 1024, 'x'));
  }
  EXPECT_TRUE(buffer.settlements().wait_for(5));
}

TEST_F(SqliteBufferTest, WhatWasSubmittedIsStoredWhenItStops) {
  {
    SqliteBufferOptions slow = options();
    slow.flush_interval = std::chrono::hours(1);
    Running buffer(slow);
    buffer.submit(0, 1);
  }
  Running buffer(options());
  EXPECT_EQ(buffer.fetch(0, 0), 1U);
}

TEST_F(SqliteBufferTest, FlowsAndSinksAreKnownByTheirNames) {
  {
    Running buffer(options({{"a", {"x", "y"}}, {"b", {"x"}}}));
    buffer.store(0, 1);
    buffer.store(1, 2);
    buffer.store(0, 3);
    buffer.confirm(0, 1, 1);
  }
  Running buffer(options({{"c", {"x"}}, {"b", {"x"}}, {"a", {"y", "x"}}}));
  EXPECT_EQ(buffer.fetch(1, 0), 2U);
  EXPECT_EQ(buffer.fetch(2, 0), 3U);
  EXPECT_EQ(buffer.fetch(2, 1), 1U);
}

TEST_F(SqliteBufferTest, ANewSinkBeginsWithTheOldestBlockThatIsStored) {
  {
    Running buffer(options({{"a", {"x", "y"}}}));
    buffer.store(0, 1);
    buffer.store(0, 2);
    buffer.confirm(0, 0, 2);
  }
  Running buffer(options({{"a", {"x", "y", "new"}}}));
  EXPECT_EQ(buffer.fetch(0, 2), 1U);
}

TEST_F(SqliteBufferTest, ASinkThatLeftTheConfigurationHoldsNothingBack) {
  {
    Running buffer(options({{"a", {"x", "gone"}}}));
    buffer.store(0, 1);
    buffer.confirm(0, 0, 1);
  }
  { Running buffer(options({{"a", {"x"}}})); }
  Running buffer(options({{"a", {"x", "gone"}}}));
  EXPECT_EQ(buffer->counts().held_blocks, 0U);
}

TEST_F(SqliteBufferTest, AFlowThatLeftTheConfigurationKeepsItsBlocks) {
  {
    Running buffer(options({{"a", {"x"}}, {"gone", {"x"}}}));
    buffer.store(1, 1);
  }
  {
    Running buffer(options({{"a", {"x"}}}));
    EXPECT_EQ(buffer->counts().held_blocks, 1U);
    buffer.store(0, 2);
  }
  Running buffer(options({{"gone", {"x"}}, {"a", {"x"}}}));
  EXPECT_EQ(buffer.fetch(0, 0), 1U);
}

TEST_F(SqliteBufferTest, AFlowAtItsLimitWaitsAndHoldsUpNobody) {
  const std::string data(40'000, 'x');
  Running buffer(options({{"small", {"x"}, 100'000}, {"b", {"x"}}}));
  buffer.store(0, 1, 1, data);
  buffer.store(0, 2, 1, data);
  buffer.submit(0, 3, 1, data);  // one too many
  buffer.submit(0, 4, 1, "x");   // would fit, but may not overtake
  buffer.submit(1, 5, 1, data);
  buffer->flush();
  ASSERT_TRUE(buffer.settlements().wait_for(3));
  EXPECT_EQ(buffer.settlements().all(), (Numbers{1, 2, 5}));
  EXPECT_EQ(buffer->counts().waiting_bytes, data.size() + 1);

  buffer.confirm(0, 0, 1);
  ASSERT_TRUE(buffer.settlements().wait_for(5));
  EXPECT_EQ(buffer.settlements().all(), (Numbers{1, 2, 5, 3, 4}));
  EXPECT_EQ(buffer.fetch(0, 0, 2), 3U);
}

TEST_F(SqliteBufferTest, ABlockLargerThanTheLimitOfItsFlowIsTakenWhenItIsAlone) {
  Running buffer(options({{"small", {"x"}, 10}}));
  buffer.store(0, 1, 1, std::string(1'000, 'x'));
  buffer.submit(0, 2, 1, std::string(1'000, 'x'));
  buffer.confirm(0, 0, 1);
  EXPECT_TRUE(buffer.settlements().wait_for(2));
}

TEST_F(SqliteBufferTest, TheFileStaysWithinItsLimitAndGoesOnWhenSinksConfirm) {
  constexpr std::uint64_t kLimit = 1024UL * 1024;
  constexpr std::uint64_t kBlocks = 120;  // three times the limit
  SqliteBufferOptions small = options();
  small.max_size = kLimit;
  small.flush_interval = std::chrono::milliseconds(5);
  Running buffer(small);
  for (std::uint64_t first = 1; first <= kBlocks; ++first) {
    buffer.submit(0, first, 1, std::string(30'000, 'x'));
  }
  buffer->flush();
  ASSERT_TRUE(buffer.settlements().wait_for(20));
  EXPECT_LT(buffer.settlements().all().size(), kBlocks);
  for (std::uint64_t first = 1; first <= kBlocks; ++first) {
    ASSERT_EQ(buffer.fetch(0, 0, first - 1), first);
    buffer.confirm(0, 0, first);
  }
  EXPECT_TRUE(buffer.settlements().wait_for(kBlocks));
  constexpr std::uint64_t kReserve = 64 * 4096;
  EXPECT_LE(std::filesystem::file_size(directory_.file("buffer.db")), kLimit + kReserve);
}

TEST_F(SqliteBufferTest, RefusesADirectoryThatAnotherProcessUses) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto buffer = open();
    const char answer = buffer ? 'y' : 'n';
    static_cast<void>(write(ready[1], &answer, 1) == 1);
    pause();
    _exit(0);
  }
  char answer = 'n';
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');

  const auto refused = open();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Closed);
  EXPECT_NE(refused.error().message.find(directory_.path()), std::string::npos);
  EXPECT_NE(refused.error().message.find(std::to_string(child)), std::string::npos)
      << refused.error().message;

  ASSERT_EQ(kill(child, SIGKILL), 0);  // by its id; the lock goes with the process
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(open());
  close(ready[0]);
  close(ready[1]);
}

TEST_F(SqliteBufferTest, MakesTheDirectoryIfItIsAbsent) {
  SqliteBufferOptions deeper = options();
  deeper.directory = directory_.file("one/two?#%20");
  EXPECT_TRUE(open_sqlite_buffer(deeper, clock_));
  EXPECT_TRUE(std::filesystem::exists(deeper.directory + "/buffer.db"));
}

TEST_F(SqliteBufferTest, SaysWhatToDoWhenTheDirectoryCannotBeUsed) {
  std::ofstream(directory_.file("file")) << "not a directory";
  SqliteBufferOptions impossible = options();
  impossible.directory = directory_.file("file/below");
  const auto refused = open_sqlite_buffer(impossible, clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Fatal);
  EXPECT_NE(refused.error().message.find("writable"), std::string::npos);
}

TEST_F(SqliteBufferTest, SetsADamagedBlockAsideAndGoesOn) {
  {
    Running buffer(options({{"a", {"x", "y"}}}));
    for (std::uint64_t first = 1; first <= 4; ++first) {
      buffer.store(0, first, 1, "data " + std::to_string(first));
    }
  }
  change_file("UPDATE block SET data = x'00' WHERE id = 1");
  change_file("UPDATE block SET n = 2 WHERE id = 3");
  {
    Running buffer(options({{"a", {"x", "y"}}}));
    EXPECT_EQ(buffer.fetch(0, 0), 2U);
    EXPECT_EQ(buffer.fetch(0, 0, 2), 4U);
    EXPECT_EQ(buffer.fetch(0, 1), 2U);
    buffer.store(0, 5);  // with the next transaction
    EXPECT_EQ(buffer->counts().damaged_blocks, 2U);
    EXPECT_EQ(buffer->counts().held_blocks, 3U);
  }
  EXPECT_EQ(ask_file("SELECT count(*) FROM quarantine WHERE id IN (1, 3)"), 2);
  Running buffer(options({{"a", {"x", "y"}}}));
  EXPECT_EQ(buffer->counts().held_blocks, 3U);
  EXPECT_EQ(buffer.fetch(0, 1), 2U);
  EXPECT_EQ(buffer->counts().damaged_blocks, 0U);
}

// What the process has in memory now, in KiB.
std::uint64_t resident() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::stoull(line.substr(6));
    }
  }
  return 0;
}

TEST_F(SqliteBufferTest, ReadsALargeBacklogInOrderAndWithoutKeepingItInMemory) {
  constexpr std::uint64_t kBlocks = 2'000;
  const std::string data(32'768, 'x');
  {
    Running buffer(options());
    for (std::uint64_t first = 1; first <= kBlocks; ++first) {
      buffer.submit(0, first, 1, data);
      if (first % 50 == 0) {
        ASSERT_TRUE(buffer.settlements().wait_for(first - 49));
      }
    }
  }
  const std::uint64_t before = resident();
  Running buffer(options());
  EXPECT_EQ(buffer->counts().held_bytes, kBlocks * data.size());
  for (std::uint64_t first = 1; first <= kBlocks; ++first) {
    ASSERT_EQ(buffer.fetch(0, 0, first - 1), first);
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LT(resident(), before + 8 * 1024) << "of 64 MiB stored";
#else
  static_cast<void>(before);
#endif
}

}  // namespace
}  // namespace sluice
