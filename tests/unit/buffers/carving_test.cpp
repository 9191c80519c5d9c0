// Pages that hold anything at all are read without harm, and pages that SQLite has written are read
// as SQLite reads them.
#include "buffers/btree_page.h"
#include "buffers/carver.h"
#include "buffers/damaged_pages.h"
#include "buffers/salvaged_file.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace sluice {
namespace {

using testing_support::TempDirectory;

constexpr PageNumber kSecond{2};

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

// Reads whatever the page claims to hold. The sum keeps the compiler from leaving it out.
std::uint64_t read_everything(const RawPage& page, PageNumber number) {
  std::uint64_t sum = 0;
  for (const TreeCell& cell : cells_of(page, number)) {
    const auto columns = PageRecord::parse(cell.local, cell.payload_size);
    sum += cell.local.size();
    for (std::size_t i = 0; columns && i <= columns->columns(); ++i) {
      const auto integer = columns->integer(cell.local, i);
      const auto bytes = columns->bytes(cell.local, i);
      sum += integer ? static_cast<std::uint64_t>(*integer) : 1;
      for (const char byte : bytes.value_or(std::string_view())) {
        sum += static_cast<unsigned char>(byte);
      }
    }
  }
  return sum;
}

class CarvingTest : public testing::Test {
 protected:
  void run(const std::string& sql) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.file("db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
  RawPage page(std::uint32_t number) {
    const auto pages = DamagedPages::open(directory_.file("db"), directory_.file("db-wal"));
    EXPECT_TRUE(pages);
    RawPage bytes{};
    const auto versions = pages->versions(PageNumber(number));
    EXPECT_FALSE(versions.empty());
    EXPECT_TRUE(*pages->read(versions.front(), bytes));
    return bytes;
  }

  const TempDirectory directory_;
};

TEST_F(CarvingTest, ReadsWhatSqliteWrites) {
  run("PRAGMA page_size = 4096; CREATE TABLE t(id INTEGER PRIMARY KEY, i INTEGER, t TEXT, b BLOB);"
      "INSERT INTO t VALUES (-5, 0, 'zero', x'00ff'), (1, 1, '', x''), (2, -1, NULL, NULL),"
      " (3, 9223372036854775807, 'a', x'01'), (4, -9223372036854775808, 'b', x'02'),"
      " (300, 1234567, 'c', x'03')");
  const std::map<std::int64_t, std::int64_t> expected{{-5, 0},
                                                      {1, 1},
                                                      {2, -1},
                                                      {3, std::numeric_limits<std::int64_t>::max()},
                                                      {4, std::numeric_limits<std::int64_t>::min()},
                                                      {300, 1'234'567}};
  std::map<std::int64_t, std::int64_t> found;
  const RawPage bytes = page(2);
  ASSERT_EQ(kind_of(bytes, kSecond), TreePage::Table);
  for (const TreeCell& cell : cells_of(bytes, kSecond)) {
    const auto columns = PageRecord::parse(cell.local, cell.payload_size);
    ASSERT_TRUE(columns);
    ASSERT_EQ(columns->columns(), 4U);
    EXPECT_TRUE(columns->is_null(0));
    EXPECT_TRUE(columns->is_integer(1));
    found[cell.rowid] = *columns->integer(cell.local, 1);
    if (cell.rowid == -5) {
      EXPECT_TRUE(columns->is_text(2));
      EXPECT_EQ(columns->bytes(cell.local, 2), "zero");
      EXPECT_TRUE(columns->is_blob(3));
      EXPECT_EQ(columns->bytes(cell.local, 3), std::string_view("\0\xff", 2));
    }
    EXPECT_EQ(columns->integer(cell.local, 4), std::nullopt);
  }
  EXPECT_EQ(found, expected);
}

TEST_F(CarvingTest, FindsWhereALongRowGoesOn) {
  run("PRAGMA page_size = 4096; CREATE TABLE t(b BLOB); INSERT INTO t VALUES (zeroblob(10000))");
  const RawPage bytes = page(2);
  const auto cells = cells_of(bytes, kSecond);
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_GT(cells[0].payload_size, 10'000U);
  EXPECT_LT(cells[0].local.size(), kRawPageSize);
  EXPECT_NE(cells[0].overflow, PageNumber(0));
  const auto columns = PageRecord::parse(cells[0].local, cells[0].payload_size);
  ASSERT_TRUE(columns);
  EXPECT_EQ(columns->bytes(cells[0].local, 0), std::nullopt) << "it is not all there";
  const std::string whole =
      std::string(cells[0].local) + std::string(cells[0].payload_size - cells[0].local.size(), 'x');
  EXPECT_EQ(columns->bytes(whole, 0)->size(), 10'000U);
}

TEST_F(CarvingTest, NoPageDoesAnyHarm) {
  const auto seed = std::random_device()();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  run("PRAGMA page_size = 4096; CREATE TABLE t(a, b, c, d);"
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)"
      " INSERT INTO t SELECT i, 'text', zeroblob(i * 3), i * 1000 FROM n;"
      "CREATE INDEX u ON t(b, a)");
  const RawPage table = page(2);
  const RawPage index = page(3);
  std::uint64_t sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    RawPage bytes = i % 2 == 0 ? table : index;
    for (auto changes = random() % 20; changes > 0; --changes) {
      // The beginning of a page says where everything is.
      const std::size_t at = random() % (random() % 2 == 0 ? 100 : kRawPageSize);
      bytes.at(at) = static_cast<unsigned char>(random());
    }
    sum += read_everything(bytes, i % 3 == 0 ? PageNumber(1) : kSecond);
  }
  for (int i = 0; i < 2'000; ++i) {
    RawPage bytes;
    std::ranges::generate(bytes, [&] { return static_cast<unsigned char>(random()); });
    bytes[0] = i % 2 == 0 ? 0x0D : 0x0A;
    sum += read_everything(bytes, kSecond);
  }
  EXPECT_NE(sum, 0U);
}

TEST_F(CarvingTest, NoFilesDoAnyHarm) {
  const auto none = DamagedPages::open(directory_.file("absent"), directory_.file("absent-wal"));
  ASSERT_TRUE(none);
  EXPECT_EQ(none->next(PageNumber(0)), std::nullopt);
  EXPECT_TRUE(none->versions(PageNumber(1)).empty());

  const auto seed = std::random_device()();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  for (int i = 0; i < 50; ++i) {
    std::string log(random() % 40'000, '\0');
    std::ranges::generate(log, [&] { return static_cast<char>(random()); });
    write(directory_.file("db"), log.substr(0, random() % (log.size() + 1)));
    write(directory_.file("db-wal"), log);
    const auto pages = DamagedPages::open(directory_.file("db"), directory_.file("db-wal"));
    ASSERT_TRUE(pages);
    std::size_t visited = 0;
    for (auto page = pages->next(PageNumber(0)); page; page = pages->next(*page)) {
      for (const PageVersion& version : pages->versions(*page)) {
        RawPage bytes;
        ASSERT_TRUE(pages->read(version, bytes));
        ++visited;
      }
    }
    EXPECT_LT(visited, 30U);
    EXPECT_TRUE(newest_tick(*pages, pages->unread()));
  }
}

// Versions of one page: in the log as SQLite reads it, behind a damaged place, in the database.
TEST_F(CarvingTest, KnowsWhatOfTheLogSqliteReads) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(directory_.file("db").c_str(), &database), SQLITE_OK);
  const auto exec = [&](const char* sql) {
    ASSERT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  };
  exec(
      "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
      "CREATE TABLE t(a); PRAGMA wal_checkpoint(TRUNCATE)");
  for (int i = 0; i < 5; ++i) {
    exec("INSERT INTO t VALUES (zeroblob(100))");
  }
  const std::string file = contents(directory_.file("db"));
  const std::string log = contents(directory_.file("db-wal"));
  sqlite3_close(database);

  const auto open = [&](const std::string& changed) {
    write(directory_.file("db"), file);
    write(directory_.file("db-wal"), changed);
    return DamagedPages::open(directory_.file("db"), directory_.file("db-wal"));
  };
  const auto whole = open(log);
  ASSERT_TRUE(whole);
  EXPECT_TRUE(whole->unread().empty());
  EXPECT_FALSE(whole->has_bad_log_header());
  const auto versions = whole->versions(kSecond);
  ASSERT_EQ(versions.size(), 6U);
  EXPECT_EQ(versions.front().source, PageVersion::Source::Log);
  EXPECT_GT(versions[0].offset, versions[1].offset);
  EXPECT_EQ(versions.back().source, PageVersion::Source::Database);

  std::string flipped = log;
  char& byte = flipped[versions[2].offset + 1'000];
  byte = static_cast<char>(byte ^ 1);
  const auto damaged = open(flipped);
  ASSERT_TRUE(damaged);
  const auto after = damaged->versions(kSecond);
  EXPECT_EQ(after.front().offset, versions[0].offset) << "it is right by itself";
  EXPECT_EQ(after.back().source, PageVersion::Source::DamagedLog);
  EXPECT_EQ(after.back().offset, versions[2].offset);
  EXPECT_EQ(damaged->unread().size(), 3U);

  std::string headless = log;
  headless[16] = static_cast<char>(headless[16] ^ 1);
  const auto unseen = open(headless);
  ASSERT_TRUE(unseen);
  EXPECT_TRUE(unseen->has_bad_log_header());
  EXPECT_EQ(unseen->unread().size(), 5U);
  EXPECT_EQ(unseen->versions(kSecond).size(), 6U);
}

TEST_F(CarvingTest, ASalvagedFileDoesNotFillTheDisk) {
  constexpr std::uint64_t kRoom = 200'000;
  auto file = SalvagedFile::create(directory_.file("salvage"), nullptr, kRoom);
  ASSERT_TRUE(file);
  const std::string data(10'000, 'x');
  std::uint64_t added = 0;
  for (std::int64_t id = 1; id <= 50; ++id) {
    FoundBlockRow row;
    row.metadata.columns = {id, 1, 1, 1, 1, 0, 0};
    row.data = data;
    const auto result = file->add(row);
    ASSERT_TRUE(result);
    added += *result == SalvagedFile::Added::Yes ? 1U : 0U;
    EXPECT_EQ(*file->add(row) == SalvagedFile::Added::Known, *result == SalvagedFile::Added::Yes);
  }
  EXPECT_GT(added, 5U);
  EXPECT_LT(added, 25U);
}

}  // namespace
}  // namespace sluice
