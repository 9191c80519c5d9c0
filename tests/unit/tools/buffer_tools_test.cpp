// `sluice buffer …` against a running store and against a stopped one: the same answers.
#include "tools/buffer_tools.h"

#include "tests/unit/tools/tool_fixture.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice {
namespace {

using testing_support::line_of;
using testing_support::lines_of;
using testing_support::Mode;
using testing_support::name_of_mode;
using testing_support::ToolTest;

// What fill() stores, in the order in which it is shown.
const std::string kAll = lines_of(6, 7) + lines_of(1, 5) + lines_of(8, 10);

class BufferTools : public ToolTest {
 protected:
  // 1-5 logs, 6-7 data, 8-10 logs
  void fill() {
    store_->store(0, 1, 5);
    store_->store(1, 6, 2);
    store_->store(0, 8, 3);
  }

  void change_file(const std::string& sql) {
    close();
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(directory_.file("buffer.db").c_str(), &database), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    open();
  }

  std::string shown(const ShowOptions& options) {
    std::ostringstream out;
    const Status done = show_records(reach(), options, out);
    return done ? out.str() : out.str() + "error: " + done.error().message;
  }
  std::string listed(bool json) {
    std::ostringstream out;
    const Status done = list_buffer(reach(), json, out);
    EXPECT_TRUE(done) << done.error().message;
    return out.str();
  }
  Result<bool> verified(std::string& text) {
    std::ostringstream out;
    const Result<bool> clean = verify_buffer(reach(), false, out);
    text = out.str();
    return clean;
  }
  std::string purged(const PurgeOptions& options) {
    std::ostringstream out;
    const Status done = purge_buffer(reach(ToolUse::Change), options, out);
    return done ? out.str() : "error: " + done.error().message;
  }
  std::string exported() const {
    std::ifstream file(directory_.file("export"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Status export_to_file(bool resume = false, const std::string& flow = {}) {
    return export_records(reach(),
                          {.flow = flow, .file = directory_.file("export"), .resume = resume});
  }
};

INSTANTIATE_TEST_SUITE_P(Each, BufferTools, testing::Values(Mode::Running, Mode::Stopped),
                         name_of_mode);

TEST_P(BufferTools, ListFlowsAndWhatEachSinkMisses) {
  fill();
  store_->buffer().confirm(FlowIndex(0), SinkIndex(0), Sequence(0), Sequence(5));
  store_->store(1, 11, 1);  // the confirmation is in the file as well
  const std::string text = listed(false);
  EXPECT_NE(text.find("FLOW  SINK     BLOCKS  RECORDS"), std::string::npos) << text;
  EXPECT_NE(text.find("data                2        3"), std::string::npos) << text;
  EXPECT_NE(text.find("logs                2        8"), std::string::npos) << text;
  EXPECT_NE(text.find("      cloud         1        3"), std::string::npos) << text;
  EXPECT_NE(text.find("1970-01-01T00:00:01Z"), std::string::npos) << text;
  EXPECT_NE(text.find("last sequence 11"), std::string::npos) << text;
  const std::string json = listed(true);
  EXPECT_NE(json.find("\"name\":\"logs\""), std::string::npos) << json;
  EXPECT_NE(json.find("\"oldest_ms\":1000,\"newest_ms\":10000"), std::string::npos) << json;
  EXPECT_NE(json.find("\"confirmed_seq\":5"), std::string::npos) << json;
  EXPECT_NE(json.find("\"ledger\":{\"received\":8,\"stored\":8}"), std::string::npos) << json;
}

TEST_P(BufferTools, PrintStats) {
  fill();
  std::ostringstream out;
  ASSERT_TRUE(print_stats(reach(), out));
  EXPECT_NE(out.str().find("\"last_seq\":10"), std::string::npos) << out.str();
  EXPECT_NE(out.str().find("\"dead_letters\":0"), std::string::npos) << out.str();
}

TEST_P(BufferTools, ShowRecordsInOrder) {
  fill();
  EXPECT_EQ(shown({}), kAll) << "flow by flow";
  EXPECT_EQ(shown({.flow = "data"}), lines_of(6, 7));
  EXPECT_EQ(shown({.flow = "logs"}), lines_of(1, 5) + lines_of(8, 10));
  EXPECT_EQ(shown({.limit = 3}), lines_of(6, 7) + line_of(1));
  EXPECT_EQ(shown({.limit = 0}), "");
}

TEST_P(BufferTools, ShowOnlyTheSequencesAskedFor) {
  fill();
  EXPECT_EQ(shown({.from = 4, .to = 6}), line_of(6) + lines_of(4, 5));
  EXPECT_EQ(shown({.from = 9}), lines_of(9, 10));
  EXPECT_EQ(shown({.to = 2}), lines_of(1, 2));
  EXPECT_EQ(shown({.from = 7, .to = 7}), line_of(7));
  EXPECT_EQ(shown({.from = 11}), "");
  EXPECT_EQ(shown({.flow = "logs", .from = 2, .to = 9, .limit = 2}), lines_of(2, 3));
}

TEST_P(BufferTools, SkipManyBlocksOnTheWayToTheFirst) {
  for (std::uint64_t first = 1; first <= 600; ++first) {
    store_->buffer().submit(testing_support::block_of_lines(0, first, 1));
  }
  store_->store(1, 601, 1);
  EXPECT_EQ(shown({.from = 599}), line_of(601) + lines_of(599, 600));
}

TEST_P(BufferTools, NameTheFlowsThereAre) {
  fill();
  EXPECT_EQ(shown({.flow = "other"}), "error: the buffer knows no flow other; it has data, logs");
}

TEST_P(BufferTools, ShowNothingOfAnEmptyBuffer) {
  EXPECT_EQ(shown({}), "");
  std::string text;
  EXPECT_TRUE(*verified(text));
}

TEST_P(BufferTools, LeaveDamagedBlocksOutAndSaySo) {
  fill();
  change_file("UPDATE block SET data = x'00' WHERE id = 6");
  const std::string text = shown({});
  EXPECT_TRUE(text.starts_with(lines_of(1, 5) + lines_of(8, 10) + "error: 1 block(s)")) << text;
}

TEST_P(BufferTools, ExportWhatZstdCanRead) {
  fill();
  ASSERT_TRUE(export_to_file());
  const std::string bytes = exported();
  std::string text(1'000, '\0');
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), bytes.data(), bytes.size());
  ASSERT_EQ(ZSTD_isError(size), 0U) << ZSTD_getErrorName(size);
  EXPECT_EQ(text.substr(0, size), kAll);
  EXPECT_FALSE(export_to_file()) << "an export is never overwritten";
}

TEST_P(BufferTools, ContinueAnExportWhereverItWasBrokenOff) {
  fill();
  ASSERT_TRUE(export_to_file());
  const std::string whole = exported();
  for (std::size_t size = 0; size <= whole.size(); size += 41) {
    std::filesystem::resize_file(directory_.file("export"), size);
    const Status resumed = export_to_file(true);
    ASSERT_TRUE(resumed) << resumed.error().message;
    ASSERT_EQ(exported(), whole) << "broken off after " << size << " bytes";
  }
  let_go();
  store_->store(1, 11, 1);
  ASSERT_TRUE(export_to_file(true));
  EXPECT_TRUE(exported().starts_with(whole));
  EXPECT_GT(exported().size(), whole.size()) << "what is new comes behind it";
}

TEST_P(BufferTools, ContinueAnExportInTheMiddleOfABlock) {
  store_->store(0, 1, 2);
  ASSERT_TRUE(export_to_file());
  const std::size_t before = exported().size();
  let_go();
  // As if 1-2 had been put together with what came later.
  store_->store(0, 3, 3);
  change_file("DELETE FROM block");
  store_->store(0, 1, 5);
  ASSERT_TRUE(export_to_file(true));
  const std::string rest = exported().substr(before);
  std::string text(1'000, '\0');
  const std::size_t size = ZSTD_decompress(text.data(), text.size(), rest.data(), rest.size());
  ASSERT_EQ(ZSTD_isError(size), 0U);
  EXPECT_EQ(text.substr(0, size), lines_of(3, 5)) << "not twice what the file holds already";
}

TEST_P(BufferTools, DoNotContinueAFileOfSomethingElse) {
  fill();
  std::ofstream(directory_.file("export")) << "important notes, not an export";
  EXPECT_FALSE(export_to_file(true));
  EXPECT_EQ(exported(), "important notes, not an export");
}

TEST_P(BufferTools, FindNothingWrongWithASoundBuffer) {
  fill();
  store_->buffer().confirm(FlowIndex(1), SinkIndex(0), Sequence(0), Sequence(7));
  store_->store(0, 11, 1);
  std::string text;
  const Result<bool> clean = verified(text);
  ASSERT_TRUE(clean) << clean.error().message;
  EXPECT_TRUE(*clean) << text;
  EXPECT_TRUE(text.starts_with("3 block(s), 9 record(s)")) << text;
  EXPECT_EQ(text.find("note:"), std::string::npos) << "delivered records are no gap: " << text;
}

TEST_P(BufferTools, FindEveryDamagedBlock) {
  fill();
  change_file(
      "UPDATE block SET data = x'00' WHERE id = 1; UPDATE block SET raw_bytes = 7 WHERE id = 8");
  std::string text;
  const Result<bool> clean = verified(text);
  ASSERT_TRUE(clean) << clean.error().message;
  EXPECT_FALSE(*clean);
  EXPECT_NE(text.find("damaged: flow logs, sequences 1 to 5"), std::string::npos) << text;
  EXPECT_NE(text.find("damaged: flow logs, sequences 8 to 10"), std::string::npos) << text;
}

TEST_P(BufferTools, FindBlocksThatTheLedgerKnowsAndTheFileDoesNot) {
  fill();
  change_file("DELETE FROM block WHERE id = 6");
  std::string text;
  const Result<bool> clean = verified(text);
  ASSERT_TRUE(clean);
  EXPECT_FALSE(*clean);
  EXPECT_NE(text.find("unbalanced: flow data"), std::string::npos) << text;
  EXPECT_NE(text.find("note: no block has the sequences 6 to 7"), std::string::npos) << text;
}

TEST_P(BufferTools, FindContentThatIsNotWhatTheRowSays) {
  SealedBlock wrong = testing_support::block_of_lines(0, 1, 5);
  Block block = *wrong.block;
  block.count = 4;
  store_->buffer().submit({std::make_shared<const Block>(block), {}});
  store_->store(0, 6, 1);
  std::string text;
  const Result<bool> clean = verified(text);
  ASSERT_TRUE(clean);
  EXPECT_FALSE(*clean);
  EXPECT_NE(text.find("it has 5 lines instead of 4"), std::string::npos) << text;
}

TEST_P(BufferTools, PurgeNothingUnlessSomebodySaysYes) {
  fill();
  const std::string text = purged({.flow = "logs", .sink = {}, .before = {}});
  EXPECT_NE(text.find("nothing was purged"), std::string::npos) << text;
  let_go();
  EXPECT_EQ(shown({}), kAll);
}

TEST_P(BufferTools, PurgeAFlow) {
  fill();
  const std::string text = purged({.flow = "logs", .sink = {}, .before = {}, .yes = true});
  EXPECT_TRUE(text.starts_with("purged 8 record(s) in 2 block(s)")) << text;
  let_go();
  EXPECT_EQ(shown({}), lines_of(6, 7));
  EXPECT_NE(listed(true).find("\"dropped_purged\":8"), std::string::npos);
  std::string findings;
  EXPECT_TRUE(*verified(findings)) << findings;
}

TEST_P(BufferTools, PurgeWhatIsOld) {
  fill();
  const std::string text =
      purged({.flow = {}, .sink = {}, .before = "1970-01-01T00:00:08Z", .yes = true});
  EXPECT_TRUE(text.starts_with("purged 7 record(s) in 2 block(s)")) << text;
  let_go();
  EXPECT_EQ(shown({}), lines_of(8, 10));
}

TEST_P(BufferTools, PurgeForOneSinkOfAllFlows) {
  fill();
  const std::string text = purged({.flow = {}, .sink = "cloud", .before = {}, .yes = true});
  EXPECT_TRUE(text.starts_with("purged 10 record(s) in 3 block(s)")) << text;
  let_go();
  EXPECT_EQ(shown({}), lines_of(1, 5) + lines_of(8, 10)) << "the archive does not have the logs";
  std::string findings;
  EXPECT_TRUE(*verified(findings)) << findings;
}

TEST_P(BufferTools, RefuseAPurgeThatMakesNoSense) {
  fill();
  EXPECT_NE(purged({.flow = "x", .sink = {}, .before = {}, .yes = true}).find("no flow x"),
            std::string::npos);
  EXPECT_NE(purged({.flow = {}, .sink = "x", .before = {}, .yes = true}).find("sink x"),
            std::string::npos);
  EXPECT_NE(purged({.flow = {}, .sink = {}, .before = "x", .yes = true}).find("not a time"),
            std::string::npos);
  let_go();
  EXPECT_EQ(shown({}), kAll);
}

TEST(ReachingABuffer, SaysWhenTheAgentDoesNotAnswer) {
  const testing_support::TempDirectory directory;
  SqliteBufferOptions options;
  options.directory = directory.path();
  const testing_support::StoreWithSocket deaf(options, false);
  const auto backend = reach_buffer(options, ToolUse::Read);
  ASSERT_FALSE(backend);
  EXPECT_NE(backend.error().message.find("does not answer on"), std::string::npos)
      << backend.error().message;
}

TEST(ReachingABuffer, SaysWhenThereIsNone) {
  const testing_support::TempDirectory directory;
  SqliteBufferOptions options;
  options.directory = directory.file("nothing");
  for (const ToolUse use : {ToolUse::Read, ToolUse::Change}) {
    const auto backend = reach_buffer(options, use);
    ASSERT_FALSE(backend);
    EXPECT_NE(backend.error().message.find("there is no buffer in"), std::string::npos)
        << backend.error().message;
  }
  EXPECT_FALSE(std::filesystem::exists(options.directory)) << "looking makes nothing";
}

TEST(Sequences, AreWrittenAsRanges) {
  ShowOptions options;
  ASSERT_TRUE(parse_sequences("10-20", options));
  EXPECT_EQ(options.from, 10U);
  EXPECT_EQ(options.to, 20U);
  options = {};
  ASSERT_TRUE(parse_sequences("7", options));
  EXPECT_EQ(options.to, 7U);
  options = {};
  ASSERT_TRUE(parse_sequences("7-", options));
  EXPECT_GT(options.to, 1'000'000U);
  options = {};
  ASSERT_TRUE(parse_sequences("-7", options));
  EXPECT_EQ(options.from, 0U);
  EXPECT_EQ(options.to, 7U);
  for (const char* wrong : {"", "-", "a", "1-b", "9-8", "1-2-3", "1 2"}) {
    EXPECT_FALSE(parse_sequences(wrong, options)) << wrong;
  }
}

}  // namespace
}  // namespace sluice
