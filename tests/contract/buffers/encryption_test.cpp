// A buffer that is encrypted at rest: what is in the file, and what happens without the right key.
#include "buffers/inspection.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::firsts;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

using Numbers = std::vector<std::uint64_t>;

const std::string kFirst(64, '1');
const std::string kSecond(64, '2');
const std::string kData = "topic and temperature, many times over: topic and temperature";
const std::string kState = "packet ids that nobody needs to see";
const std::string kLetter = "refused by the far side, with reasons";

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class OpenBuffer : public SteppedBuffer {
 public:
  explicit OpenBuffer(SqliteBufferOptions options) : SteppedBuffer(std::move(options)) {
    const Status opened = open();
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  }
};

class EncryptionTest : public testing::Test {
 protected:
  SqliteBufferOptions options(const std::string& key,
                              const std::vector<std::string>& old_keys = {}) {
    return {.directory = directory_.path(),
            .routes = {{"a", {"x"}}},
            .encryption_key = key,
            .encryption_old_keys = old_keys};
  }
  static void store(SteppedBuffer& buffer, std::uint64_t first) {
    SealedBlock block = make_block(0, first, 1, kData + std::to_string(first));
    block.state = {{"ids", kState}};
    buffer.submit(std::move(block));
    buffer.tick();
  }
  static void expect_blocks(SteppedBuffer& buffer, const Numbers& numbers) {
    const std::vector<BlockPtr> blocks = buffer.drain(0, 0);
    EXPECT_EQ(firsts(blocks), numbers);
    for (const BlockPtr& block : blocks) {
      EXPECT_EQ(block->data, kData + std::to_string(number(block->first)));
      EXPECT_EQ(block->codec, Codec::ZstdNdjson);
    }
    EXPECT_EQ(buffer.loop().inbox().load("ids"), kState);
    EXPECT_EQ(buffer.counts().damaged_blocks, 0U);
    EXPECT_EQ(buffer.counts().quarantine, "");
  }
  [[nodiscard]] std::string everything_on_disk() const {
    return contents(directory_.file("buffer.db")) + contents(directory_.file("buffer.db-wal"));
  }
  void expect_refused(const std::string& key, const std::vector<std::string>& old_keys = {}) {
    const std::string before = everything_on_disk();
    SteppedBuffer buffer(options(key, old_keys));
    const Status refused = buffer.open();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().reaction, Reaction::Fatal);
    EXPECT_NE(refused.error().message.find("encryption"), std::string::npos)
        << refused.error().message;
    EXPECT_EQ(everything_on_disk(), before) << "it was touched";
  }

  const TempDirectory directory_;
};

TEST_F(EncryptionTest, NothingThatCameFromMessagesIsInTheFileAsPlainText) {
  OpenBuffer buffer(options(kFirst));
  store(buffer, 1);
  store(buffer, 2);
  buffer.loop().inbox().bury({.flow = FlowIndex(0),
                              .sink = SinkIndex(0),
                              .range = {Sequence(0), Sequence(1)},
                              .why = {"refused", "because"},
                              .block = nullptr});
  buffer.tick();
  const std::string bytes = everything_on_disk();
  EXPECT_EQ(bytes.find("temperature"), std::string::npos);
  EXPECT_EQ(bytes.find("packet ids"), std::string::npos);
  buffer.close();
  OpenBuffer again(options(kFirst));
  expect_blocks(again, {2});
}

TEST_F(EncryptionTest, CountsTheBytesOfFramesNotWhatSealingAddsToThem) {
  OpenBuffer buffer(options(kFirst));
  store(buffer, 1);
  const std::uint64_t bytes = buffer.counts().held_bytes;
  EXPECT_EQ(bytes, kData.size() + 1);
  ASSERT_TRUE(buffer.open());
  EXPECT_EQ(buffer.counts().held_bytes, bytes);
  store(buffer, 2);
  buffer.confirm(0, 0, 1);
  buffer.tick();
  EXPECT_EQ(buffer.counts().held_bytes, bytes);
}

TEST_F(EncryptionTest, WithoutTheKeyOrWithAnotherItIsRefusedAndNotTouched) {
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 1);
  }
  expect_refused("");
  expect_refused(kSecond);
  expect_refused(kSecond, {std::string(64, '3')});
  expect_refused("secret");
  OpenBuffer buffer(options(kFirst));
  expect_blocks(buffer, {1});
}

TEST_F(EncryptionTest, AKeyIsNeededAlsoWhenOnlyAStateOrADeadLetterIsLeft) {
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 1);
    buffer.confirm(0, 0, 1);
    buffer.tick();
    EXPECT_EQ(buffer.counts().held_blocks, 0U);
  }
  expect_refused(kSecond);
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 2);
    buffer.loop().inbox().bury({.flow = FlowIndex(0),
                                .sink = SinkIndex(0),
                                .range = {Sequence(1), Sequence(2)},
                                .why = {"refused", "because"},
                                .block = nullptr});
    buffer.loop().inbox().put({"ids", ""});
    buffer.tick();
  }
  expect_refused(kSecond);
}

TEST_F(EncryptionTest, AnOldKeyReadsAndTheNewOneWrites) {
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 1);
  }
  {
    OpenBuffer buffer(options(kSecond, {kFirst}));
    store(buffer, 2);
    expect_blocks(buffer, {1, 2});
    buffer.confirm(0, 0, 1);
    buffer.tick();
  }
  OpenBuffer buffer(options(kSecond));
  expect_blocks(buffer, {2});
}

TEST_F(EncryptionTest, CanBeSwitchedOnAndOff) {
  {
    OpenBuffer buffer(options(""));
    store(buffer, 1);
  }
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 2);
    expect_blocks(buffer, {1, 2});
  }
  OpenBuffer buffer(options("", {kFirst}));
  store(buffer, 3);
  expect_blocks(buffer, {1, 2, 3});
}

TEST_F(EncryptionTest, ADamagedFileIsSalvagedAndStaysEncrypted) {
  {
    OpenBuffer buffer(options(kFirst));
    for (std::uint64_t first = 1; first <= 20; ++first) {
      store(buffer, first);
    }
    buffer.stop();
    buffer.close();
  }
  std::string bytes = contents(directory_.file("buffer.db"));
  bytes.replace(0, 4'096, std::string(4'096, 'x'));
  std::ofstream(directory_.file("buffer.db"), std::ios::binary) << bytes;
  OpenBuffer buffer(options(kFirst));
  EXPECT_EQ(buffer.counts().salvaged_blocks, 20U);
  EXPECT_EQ(buffer.drain(0, 0).size(), 20U);
  EXPECT_EQ(buffer.loop().inbox().load("ids"), kState);
  EXPECT_EQ(everything_on_disk().find("temperature"), std::string::npos);
}

TEST_F(EncryptionTest, CanBeReadByToolsWhenTheAgentIsStopped) {
  {
    OpenBuffer buffer(options(kFirst));
    store(buffer, 1);
  }
  const auto is_readable = [&](const std::string& key) {
    const auto stopped = open_stopped_buffer(options(key));
    EXPECT_TRUE(stopped);
    bool readable = false;
    (*stopped)->inspect([&](const Result<Inspection*>& file) {
      ASSERT_TRUE(file);
      const auto outline = (*file)->outline();
      ASSERT_TRUE(outline);
      const auto found = (*file)->block(outline->flows.at(0).id, Sequence(0), Sequence(0));
      ASSERT_TRUE(found);
      ASSERT_TRUE(found->has_value());
      readable = (*found)->block != nullptr && (*found)->block->data == kData + "1";
    });
    return readable;
  };
  EXPECT_TRUE(is_readable(kFirst));
  EXPECT_FALSE(is_readable(kSecond));
}

}  // namespace
}  // namespace sluice
