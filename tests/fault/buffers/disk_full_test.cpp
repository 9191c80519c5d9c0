// A disk that fills up: sinks go on reading and confirming, and room is made by it.
#include "tests/support/faulty_vfs.h"
#include "tests/support/old_formats.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace sluice {
namespace {

using testing_support::disk_has_failed;
using testing_support::disk_use;
using testing_support::faulty_vfs;
using testing_support::firsts;
using testing_support::heal_disk;
using testing_support::limit_disk;
using testing_support::make_block;
using testing_support::make_dead_input;
using testing_support::make_empty;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

std::string data() {
  return std::string(20'000, 'x');
}

class DiskFullTest : public testing::Test {
 protected:
  void TearDown() override { heal_disk(); }

  SqliteBufferOptions options() {
    return {.directory = directory_.path(), .routes = {{"a", {"x"}}}, .vfs = faulty_vfs()};
  }
  // Submits blocks until one cannot be stored, and returns the first sequence of that one.
  static std::uint64_t fill(SteppedBuffer& buffer, std::uint64_t first = 1) {
    while (buffer.counts().trouble.empty()) {
      buffer.submit(make_block(0, first++, 1, data()));
      buffer.tick();
    }
    return first - 1;
  }

  const TempDirectory directory_;
};

TEST_F(DiskFullTest, ConfirmationsAreStoredAlthoughThereIsNoRoom) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  limit_disk(disk_use(directory_.path()) + 300'000, directory_.path());
  const std::uint64_t refused = fill(buffer);
  ASSERT_TRUE(disk_has_failed());
  EXPECT_EQ(buffer.settled().size(), refused - 1);

  buffer.confirm(0, 0, refused - 2);
  buffer.tick();
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.fetch(0, 0, 0)->first, Sequence(refused - 1)) << "it was not on the disk";
}

TEST_F(DiskFullTest, AFileOfAnEarlierFormatIsBroughtUpToDateWithTheRoomThatWasKept) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(directory_.file("buffer.db").c_str(), &database), SQLITE_OK);
  const std::string sql = testing_support::kFormat1 +
                          testing_support::row_of_format_1(11, 3, 4, std::string(20'000, 'x'));
  ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(database);
  std::ofstream(directory_.file("buffer.ballast")) << std::string(Ballast::kSize, ' ');
  limit_disk(disk_use(directory_.path()) + 100, directory_.path());

  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.fetch(0, 0, 0)->last(), Sequence(14));
}

TEST_F(DiskFullTest, StoresWhatWaitedWhenThereIsRoomAgain) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  limit_disk(disk_use(directory_.path()) + 300'000, directory_.path());
  const std::uint64_t refused = fill(buffer);
  EXPECT_EQ(buffer.counts().waiting_bytes, data().size());
  EXPECT_NE(buffer.counts().trouble.find("full"), std::string::npos) << buffer.counts().trouble;
  heal_disk();
  buffer.tick();
  EXPECT_EQ(buffer.counts().trouble, "");
  EXPECT_EQ(buffer.settled().size(), refused);
  EXPECT_EQ(buffer.drain(0, 0).size(), refused);
}

TEST_F(DiskFullTest, AnEmptyBlockIsDoneWithAlthoughThereIsNoRoom) {
  const std::string large(300'000, 'x');
  SqliteBufferOptions two = options();
  two.routes = {{"a", {"x"}}, {"b", {"x"}}};
  SteppedBuffer buffer(two);
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.tick();
  limit_disk(disk_use(directory_.path()), directory_.path());
  buffer.submit(make_block(0, 2, 1, large));
  SealedBlock empty = make_empty(1, 3, {{"key", "value"}});
  empty.counted = {{"received", 7}, {"filtered", 7}};
  buffer.submit(std::move(empty));
  SealedBlock letter = make_empty(1, 4);
  letter.counted = {{"received", 1}};
  letter.dead.push_back(make_dead_input(1, 5, large));
  buffer.submit(std::move(letter));
  buffer.submit(make_empty(0, 6, {{"late", "value"}}));  // behind what does not fit
  buffer.tick();
  ASSERT_TRUE(disk_has_failed());
  EXPECT_EQ(buffer.settled(), (std::vector<std::uint64_t>{1, 3}));
  EXPECT_EQ(buffer.loop().inbox().load("key"), "value");
  EXPECT_FALSE(buffer.loop().inbox().load("late"));

  heal_disk();
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (std::vector<std::uint64_t>{1, 3, 2, 4, 6}));
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().load("late"), "value");
  EXPECT_EQ(buffer.loop().inbox().ledgers().at("b"),
            (Ledger{{"received", 8}, {"filtered", 7}, {"dead_input", 1}}));
  buffer.inspect([](Inspection& file) {
    const Result<BufferOutline> outline = file.outline();
    ASSERT_TRUE(outline) << outline.error().message;
    EXPECT_EQ(outline->dead_letters, 1U);
  });
}

TEST_F(DiskFullTest, WhatAnEmptyBlockBringsIsOnTheFullDisk) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.tick();
  limit_disk(disk_use(directory_.path()), directory_.path());
  SealedBlock empty = make_empty(0, 2, {{"key", "value"}});
  empty.counted = {{"received", 7}, {"filtered", 7}};
  buffer.submit(std::move(empty));
  buffer.submit(make_block(0, 3, 1, std::string(300'000, 'x')));
  buffer.tick();
  EXPECT_EQ(buffer.settled(), (std::vector<std::uint64_t>{1, 2}));
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.loop().inbox().load("key"), "value");
  EXPECT_EQ(buffer.loop().last(), Sequence(2));
  EXPECT_EQ(buffer.loop().inbox().ledgers().at("a").at("filtered"), 7U);
}

TEST_F(DiskFullTest, SinksReadOnWhileNothingCanBeStored) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  limit_disk(disk_use(directory_.path()) + 300'000, directory_.path());
  const std::uint64_t refused = fill(buffer);
  EXPECT_EQ(buffer.drain(0, 0).size(), refused - 1);
}

TEST_F(DiskFullTest, OpensWhenTheDiskIsFullAlready) {
  SteppedBuffer buffer(options());
  ASSERT_TRUE(buffer.open());
  buffer.submit(make_block(0, 1, 1, data()));
  buffer.tick();
  limit_disk(disk_use(directory_.path()), directory_.path());
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.fetch(0, 0, 0)->first, Sequence(1));
  buffer.submit(make_block(0, 2, 1, data()));
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_blocks, 0U) << "the confirmation could not be stored";
  heal_disk();
  buffer.tick();
  EXPECT_EQ(buffer.settled().back(), 2U);
}

// A real file system of `mebibytes` in the memory of this thread only; gone with the thread.
bool mount_small_disk(const std::string& where, unsigned mebibytes) {
  const std::string size = "size=" + std::to_string(mebibytes) + "m";
  return unshare(CLONE_FS | CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount("tmpfs", where.c_str(), "tmpfs", 0, size.c_str()) == 0;
}

void survive_a_real_full_disk(const std::string& directory) {
  SteppedBuffer buffer({.directory = directory, .routes = {{"a", {"x"}}}});
  ASSERT_TRUE(buffer.open());
  std::uint64_t first = 1;
  for (; buffer.counts().trouble.empty(); ++first) {
    ASSERT_LT(first, 1'000U) << "the disk does not fill up";
    buffer.submit(make_block(0, first, 1, data()));
    buffer.tick();
  }
  // The buffer alone fills this disk: what its sinks confirm is all the room there will ever be.
  const std::size_t goal = buffer.settled().size() + 300;
  std::uint64_t seen = 0;
  for (int round = 0; round < 1'000 && buffer.settled().size() < goal; ++round) {
    if (const BlockPtr block = buffer.fetch(0, 0, seen); block != nullptr) {
      ASSERT_EQ(number(block->first), seen + 1);
      seen = number(block->first);
      buffer.confirm(0, 0, seen);
    }
    if (buffer.counts().waiting_bytes < 200'000) {
      buffer.submit(make_block(0, first++, 1, data()));
    }
    buffer.tick();
  }
  EXPECT_GE(buffer.settled().size(), goal) << "it stands still: " << buffer.counts().trouble;
}

TEST_F(DiskFullTest, DrainsAndGoesOnWhenItHasFilledARealDiskByItself) {
  // The end of the disk is met with the log and the database in different proportions.
  for (const unsigned mebibytes : {5U, 6U, 8U}) {
    SCOPED_TRACE(std::to_string(mebibytes) + " MiB");
    bool mounted = false;
    std::thread([&] {
      mounted = mount_small_disk(directory_.path(), mebibytes);
      if (mounted) {
        survive_a_real_full_disk(directory_.path());
      }
    }).join();
    if (!mounted) {
      GTEST_SKIP() << "mounting a small disk needs rights that this user does not have";
    }
  }
}

}  // namespace
}  // namespace sluice
