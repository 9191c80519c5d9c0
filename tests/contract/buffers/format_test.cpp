// Files of other versions: an earlier format is brought up to date, a later one is not touched.
#include "buffers/sqlite_buffer.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/old_formats.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::Fetch;
using testing_support::kFormat1;
using testing_support::make_block;
using testing_support::row_of_format_1;
using testing_support::Settlements;
using testing_support::TempDirectory;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FormatTest : public testing::Test {
 protected:
  using Database = std::unique_ptr<sqlite3, decltype(&sqlite3_close)>;

  Database open_file() {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(directory_.file("buffer.db").c_str(), &handle), SQLITE_OK);
    return {handle, sqlite3_close};
  }
  static void run(sqlite3* database, const std::string& sql) {
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
  }
  std::int64_t ask(const std::string& sql) {
    const Database database = open_file();
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database.get());
    EXPECT_EQ(sqlite3_step(statement), SQLITE_ROW) << sql;
    const std::int64_t answer = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return answer;
  }

  const TempDirectory directory_;
  const SystemClock clock_;
};

TEST_F(FormatTest, AFileOfFormat1IsBroughtUpToDateWithEverythingInIt) {
  run(open_file().get(), kFormat1 + row_of_format_1(9, 3, 2, "confirmed") +
                             row_of_format_1(11, 3, 4, "data") + row_of_format_1(15, 3, 6, "x"));
  {
    Settlements settlements;
    const auto buffer = *open_sqlite_buffer(
        {.directory = directory_.path(), .routes = {{"b", {"x"}}, {"a", {"x", "y"}}}}, clock_);
    EXPECT_EQ(buffer->epoch(), 77U);
    EXPECT_EQ(buffer->last_sequence(), Sequence(20));
    EXPECT_EQ(buffer->load("key"), "\x01");
    EXPECT_EQ(buffer->counts().held_records, 12U);
    const std::jthread thread([&](std::stop_token stop) {
      buffer->run(settlements, std::chrono::seconds(10), std::move(stop));
    });
    const Result<BlockPtr> block = Fetch(*buffer, 1, 0).result();
    ASSERT_TRUE(block);
    EXPECT_EQ((*block)->first, Sequence(11));
    EXPECT_EQ((*block)->last(), Sequence(14));
    EXPECT_EQ((*block)->skipped, 0U);
    EXPECT_EQ((*block)->data, "data");
    EXPECT_EQ(Fetch(*buffer, 1, 1).first(), 9U);
    buffer->submit(make_block(1, 21, 1, "new"));
    buffer->flush();
    EXPECT_TRUE(settlements.wait_for(1));
    EXPECT_EQ(buffer->counts().damaged_blocks, 0U);
  }
  EXPECT_EQ(ask("SELECT format FROM meta"), 4);
  EXPECT_EQ(ask("SELECT count(*) FROM block WHERE skipped = 0"), 4);
  EXPECT_EQ(ask("SELECT records FROM ledger WHERE flow = 3 AND what = 'stored'"), 13);
  EXPECT_EQ(ask("SELECT records FROM ledger WHERE flow = 3 AND what = 'received'"), 13);
  EXPECT_EQ(ask("SELECT count(*) FROM dead"), 0);
  EXPECT_EQ(ask("SELECT count(*) FROM confirmed"), 0);
}

TEST_F(FormatTest, AnUpdatedFileAndANewOneHaveTheSameColumns) {
  const std::string columns =
      "SELECT group_concat(t.name || '.' || c.name || ' ' || c.type) FROM sqlite_schema t,"
      " pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY t.name, c.cid";
  const auto columns_of_file = [&] {
    const Database database = open_file();
    std::string answer;
    const auto take = [](void* out, int, char** values, char**) {
      *static_cast<std::string*>(out) = values[0];
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(database.get(), columns.c_str(), take, &answer, nullptr), SQLITE_OK);
    return answer;
  };
  run(open_file().get(), kFormat1);
  ASSERT_TRUE(open_sqlite_buffer({.directory = directory_.path(), .routes = {}}, clock_));
  const std::string updated = columns_of_file();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::remove((directory_.file("buffer.db") + suffix).c_str());
  }
  ASSERT_TRUE(open_sqlite_buffer({.directory = directory_.path(), .routes = {}}, clock_));
  EXPECT_EQ(columns_of_file(), updated);
}

TEST_F(FormatTest, AFileOfFormat2IsCountedOnce) {
  const SqliteBufferOptions options{.directory = directory_.path(), .routes = {{"a", {"x"}}}};
  const auto store = [&](std::uint64_t first) {
    Settlements settlements;
    const auto buffer = *open_sqlite_buffer(options, clock_);
    EXPECT_EQ(buffer->counts().held_records, first - 1);
    const std::jthread thread([&](std::stop_token stop) {
      buffer->run(settlements, std::chrono::seconds(10), std::move(stop));
    });
    buffer->submit(make_block(0, first, 4, "data"));
    buffer->flush();
    EXPECT_TRUE(settlements.wait_for(1));
  };
  store(1);
  run(open_file().get(),
      "DROP TABLE seal; DELETE FROM ledger WHERE what LIKE 'held%' OR what = 'received';"
      "UPDATE meta SET format = 2");
  store(5);
  EXPECT_EQ(ask("SELECT format FROM meta"), 4);
  EXPECT_EQ(ask("SELECT count(*) FROM seal"), 0);
  EXPECT_EQ(ask("SELECT records FROM ledger WHERE what = 'held_blocks'"), 2);
  EXPECT_EQ(ask("SELECT records FROM ledger WHERE what = 'held_records'"), 8);
  EXPECT_EQ(ask("SELECT records FROM ledger WHERE what = 'held_bytes'"), 8);
}

TEST_F(FormatTest, AFileOfFormat3CountsWhatItHasStoredAsReceived) {
  const SqliteBufferOptions options{.directory = directory_.path(),
                                    .routes = {{"a", {"x"}}, {"b", {"x"}}}};
  const auto store = [&](std::size_t flow, std::uint64_t first) {
    Settlements settlements;
    const auto buffer = *open_sqlite_buffer(options, clock_);
    const std::jthread thread([&](std::stop_token stop) {
      buffer->run(settlements, std::chrono::seconds(10), std::move(stop));
    });
    buffer->submit(make_block(flow, first, 4, "data"));
    buffer->flush();
    EXPECT_TRUE(settlements.wait_for(1));
    return buffer->ledgers();
  };
  store(0, 1);
  run(open_file().get(),
      "DELETE FROM ledger WHERE what IN ('received', 'held_through');"
      "UPDATE meta SET format = 3");
  const FlowLedgers ledgers = store(1, 5);
  EXPECT_EQ(ask("SELECT format FROM meta"), 4);
  for (const std::string flow : {"a", "b"}) {
    EXPECT_EQ(ledgers.at(flow).at("received"), 4U) << flow;
    EXPECT_EQ(ledgers.at(flow).at("stored"), 4U) << flow;
  }
}

TEST_F(FormatTest, AFileOfALaterFormatIsRefusedAndNotTouched) {
  ASSERT_TRUE(open_sqlite_buffer({.directory = directory_.path(), .routes = {}}, clock_));
  {
    // What it says about its format is still in the log, as after a crash.
    const Database database = open_file();
    sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    run(database.get(), "UPDATE meta SET format = 5");
  }
  const std::string database = contents(directory_.file("buffer.db"));
  const std::string log = contents(directory_.file("buffer.db-wal"));
  ASSERT_FALSE(log.empty());

  const auto refused = open_sqlite_buffer({.directory = directory_.path(), .routes = {}}, clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reaction, Reaction::Fatal);
  EXPECT_NE(refused.error().message.find("format 5"), std::string::npos);
  EXPECT_TRUE(contents(directory_.file("buffer.db")) == database);
  EXPECT_TRUE(contents(directory_.file("buffer.db-wal")) == log);
}

}  // namespace
}  // namespace sluice
