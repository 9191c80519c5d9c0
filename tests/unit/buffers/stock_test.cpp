// What the file holds is known without a look at every block, and counted when the file is wrong.
#include "buffers/stock.h"

#include "buffers/store_file.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

constexpr const char* kKey = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

class StockTest : public testing::Test {
 protected:
  SqliteBufferOptions options() {
    return {.directory = directory_.path(),
            .routes = {{"a", {"x"}}, {"b", {"x"}}},
            .encryption_key = key_,
            .encryption_old_keys = {}};
  }
  // Three blocks of one flow, one of which is delivered, and one of the other.
  void fill() {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    for (std::uint64_t first = 1; first <= 31; first += 10) {
      buffer.submit(make_block(first == 31 ? 1 : 0, first, 10, std::string(first * 100, 'd')));
      buffer.tick();
    }
    buffer.confirm(0, 0, 10);
    buffer.tick();
  }
  // Opens it, which is where the stock is taken, and lets one transaction take place.
  void live() {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    EXPECT_EQ(buffer.counts().held_records, 30U);
    buffer.submit(make_block(0, 1'000, 1, "new"));
    buffer.tick();
    buffer.confirm(0, 0, 999, 1'000);
    buffer.tick();
  }
  Result<StoreFile> file() {
    return StoreFile::open({.path = directory_.file("buffer.db"),
                            .max_size = 1U << 30U,
                            .may_create = false,
                            .encryption_key = key_});
  }
  void run(const char* sql) {
    auto opened = file();
    ASSERT_TRUE(opened);
    ASSERT_TRUE(opened->connection.run(sql));
    ASSERT_TRUE(opened->secure());
  }
  bool is_counted() {
    auto opened = file();
    EXPECT_TRUE(opened);
    const auto stock = take_stock(*opened);
    EXPECT_TRUE(stock) << stock.error().message;
    const auto counted = opened->blocks.count();
    EXPECT_EQ(stock->blocks.flows.size(), counted->flows.size());
    for (const auto& [id, flow] : counted->flows) {
      EXPECT_TRUE(stock->blocks.flows.at(id).usage == flow.usage);
      EXPECT_EQ(stock->blocks.flows.at(id).newest, flow.newest);
    }
    return stock->counted;
  }

  const TempDirectory directory_;
  std::string key_;
};

TEST_F(StockTest, IsTakenFromWhatTheFileSays) {
  fill();
  EXPECT_FALSE(is_counted());
}

TEST_F(StockTest, IsCountedOnceIfTheFileDoesNotSay) {
  fill();
  run("DELETE FROM ledger WHERE what = 'held_bytes' AND flow = 1");
  EXPECT_TRUE(is_counted());
  live();
  EXPECT_FALSE(is_counted());
}

TEST_F(StockTest, IsCountedOnceIfTheIndexListsAnotherNumberOfBlocks) {
  fill();
  run("UPDATE ledger SET records = records + 1 WHERE what = 'held_blocks' AND flow = 2");
  EXPECT_TRUE(is_counted());
  live();
  EXPECT_FALSE(is_counted());
}

TEST_F(StockTest, IsCountedOnceIfTheFileSpeaksOfAFlowThatHoldsNothing) {
  fill();
  run("INSERT INTO ledger VALUES (9, 'held_blocks', 4), (9, 'held_records', 4),"
      " (9, 'held_bytes', 4)");
  EXPECT_TRUE(is_counted());
  live();
  EXPECT_FALSE(is_counted());
}

TEST_F(StockTest, IsCountedIfAFigureCannotBeTrue) {
  fill();
  run("UPDATE ledger SET records = -1 WHERE what = 'held_bytes' AND flow = 1");
  EXPECT_TRUE(is_counted());
}

TEST_F(StockTest, ARowThatTheIndexDoesNotListIsDamage) {
  fill();
  run("UPDATE ledger SET records = records + 1 WHERE what = 'held_blocks' AND flow = 1;"
      "PRAGMA writable_schema = ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE INDEX block_flow ON block(flow) WHERE id < 30'"
      " WHERE name = 'block_flow';"
      "PRAGMA writable_schema = RESET;"
      "REINDEX block_flow;"
      "PRAGMA writable_schema = ON;"
      "UPDATE sqlite_schema SET sql = 'CREATE INDEX block_flow ON block(flow)'"
      " WHERE name = 'block_flow';"
      "PRAGMA writable_schema = RESET");
  auto opened = file();
  ASSERT_TRUE(opened);
  const auto stock = take_stock(*opened);
  ASSERT_FALSE(stock);
  EXPECT_EQ(stock.error().reaction, Reaction::Fatal);
}

TEST_F(StockTest, OfAFileWithoutTheKeyIsRefusedOnlyIfABlockNeedsIt) {
  key_ = kKey;
  fill();
  key_.clear();
  {
    SteppedBuffer buffer(options());
    EXPECT_FALSE(buffer.open());
  }
  key_ = kKey;
  {
    SteppedBuffer buffer(options());
    ASSERT_TRUE(buffer.open());
    buffer.confirm(0, 0, 30);
    buffer.confirm(1, 0, 40);
    buffer.tick();
  }
  key_.clear();
  SteppedBuffer buffer(options());
  EXPECT_TRUE(buffer.open());
}

}  // namespace
}  // namespace sluice
