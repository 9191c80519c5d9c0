// The files of a file sink: what is in them after writing, finishing, failing and being killed.
#include "uplink/file_store.h"

#include "tests/support/fake_clock.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/sending.h"
#include "uplink/codec.h"
#include "uplink/record_lines.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace sluice::uplink_tests {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::milliseconds;
using testing_support::FakeClock;
using testing_support::TempDirectory;
using List = std::vector<std::string>;

// Records that are the same however they are cut into blocks.
std::string lines(std::uint64_t first, std::uint32_t count) {
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text += lines_of(first + i, 1);
  }
  return text;
}

BlockPtr block(std::uint64_t first, std::uint32_t count) {
  Block made;
  made.first = Sequence(first);
  made.count = count;
  made.data = *compress_frame(lines(first, count));
  return std::make_shared<const Block>(std::move(made));
}

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void append_to(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

// Of a file with one frame after the other.
std::string decompressed(std::string frames) {
  std::string text;
  while (!frames.empty()) {
    const std::size_t size = ZSTD_findFrameCompressedSize(frames.data(), frames.size());
    if (ZSTD_isError(size) != 0) {
      return "not a frame";
    }
    const auto content = decompress_frame(frames.substr(0, size), 1U << 30U);
    text += content ? *content : content.error().message;
    frames.erase(0, size);
  }
  return text;
}

class Files : public ::testing::Test {
 protected:
  // A process that begins, as far as the store can tell.
  void restart() {
    store_ = nullptr;
    store_ = make_file_store(options_,
                             {.agent = "gateway-7",
                              .version = "1",
                              .epoch = epoch_,
                              .flows = {"telemetry"},
                              .flow_configs = {}},
                             clock_);
  }
  Answer write(const BlockPtr& what) {
    if (!store_) {
      restart();
    }
    return store_->write(what, {});
  }
  void expect_confirmed(const BlockPtr& what) {
    const Answer answer = write(what);
    EXPECT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  [[nodiscard]] std::string part() const { return directory_.file("records.ndjson.part"); }
  [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }
  [[nodiscard]] List names() const {
    List found;
    for (const auto& entry : fs::directory_iterator(directory_.path())) {
      found.push_back(entry.path().filename());
    }
    std::ranges::sort(found);
    return found;
  }
  // Of every record in all files, in their order.
  [[nodiscard]] std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> found;
    for (const std::string& name : names()) {
      if (name.starts_with('.')) {
        continue;
      }
      const std::string content = content_of(file(name));
      EXPECT_TRUE(content.empty() || content.ends_with("}\n")) << name;
      std::string_view text = content;
      for (std::string_view line; next_line(text, line);) {
        const auto sequence = sequence_of(line);
        EXPECT_TRUE(sequence && line.ends_with('}')) << name << ": " << line;
        found.push_back(sequence ? number(*sequence) : 0);
      }
    }
    return found;
  }

  TempDirectory directory_;
  FakeClock clock_;
  std::uint64_t epoch_ = 0xabc;
  FileTransportOptions options_{.path = file("records.ndjson")};
  std::unique_ptr<BlockWork> store_;
};

TEST_F(Files, HoldTheLinesOfTheBlocks) {
  expect_confirmed(block(1, 10));
  expect_confirmed(block(11, 5));
  EXPECT_EQ(content_of(part()), lines(1, 10) + lines(11, 5));
}

TEST_F(Files, AreFinishedWhenTheyAreLargeEnough) {
  options_.max_size = 4000;
  expect_confirmed(block(1, 10));
  expect_confirmed(block(11, 40));
  expect_confirmed(block(51, 50));
  EXPECT_EQ(names(),
            (List{".records.ndjson.state", "records-00000001.ndjson", "records-00000002.ndjson"}));
  EXPECT_EQ(content_of(file("records-00000001.ndjson")), lines(1, 10) + lines(11, 40));
  EXPECT_EQ(content_of(file("records-00000002.ndjson")), lines(51, 50));
}

TEST_F(Files, AreFinishedWhenTheyAreOldEvenIfNothingComes) {
  options_.max_age = hours(1);
  expect_confirmed(block(1, 10));
  ASSERT_TRUE(store_->next_idle());
  EXPECT_EQ(*store_->next_idle(), clock_.elapsed() + hours(1));
  clock_.advance(hours(1));
  store_->idle();
  EXPECT_EQ(names(), (List{".records.ndjson.state", "records-00000001.ndjson"}));
  EXPECT_FALSE(store_->next_idle());
}

TEST_F(Files, OfAnEarlierProcessAreFinishedEvenIfNothingComes) {
  expect_confirmed(block(1, 10));
  restart();
  ASSERT_TRUE(store_->next_idle());
  EXPECT_LE(*store_->next_idle(), clock_.elapsed());
  store_->idle();
  ASSERT_TRUE(store_->next_idle());
  clock_.advance(hours(1));
  store_->idle();
  EXPECT_EQ(content_of(file("records-00000001.ndjson")), lines(1, 10));
}

TEST_F(Files, AreKeptAsManyAsWanted) {
  options_.max_size = 1;
  options_.keep = 2;
  append_to(file("records-1.ndjson"), "of somebody else");
  append_to(file("records-x.ndjson"), "of somebody else");
  for (std::uint64_t first = 1; first <= 5; ++first) {
    expect_confirmed(block(first, 1));
  }
  EXPECT_EQ(names(), (List{".records.ndjson.state", "records-00000004.ndjson",
                           "records-00000005.ndjson", "records-1.ndjson", "records-x.ndjson"}));
}

TEST_F(Files, NeverUseANumberTwice) {
  options_.max_size = 1;
  expect_confirmed(block(1, 1));
  expect_confirmed(block(2, 1));
  for (const char* taken_away : {"records-00000001.ndjson", "records-00000002.ndjson"}) {
    fs::remove(file(taken_away));
  }
  restart();
  expect_confirmed(block(3, 1));
  EXPECT_EQ(names(), (List{".records.ndjson.state", "records-00000003.ndjson"}));
  fs::remove(file(".records.ndjson.state"));
  restart();
  expect_confirmed(block(4, 1));
  EXPECT_TRUE(fs::exists(file("records-00000004.ndjson")));
}

TEST_F(Files, HoldABlockOnceThoughItComesAgain) {
  options_.max_size = 3000;
  for (const std::uint64_t first : {1U, 21U, 41U, 61U}) {
    expect_confirmed(block(first, 20));
  }
  const auto before = sequences();
  ASSERT_EQ(before.size(), 80U);
  restart();
  for (const std::uint64_t first : {1U, 21U, 41U, 61U}) {
    expect_confirmed(block(first, 20));
  }
  EXPECT_EQ(sequences(), before);
}

TEST_F(Files, HoldTheRestOfABlockOfWhichTheyHoldAPart) {
  expect_confirmed(block(1, 10));
  store_ = nullptr;
  const std::string whole = content_of(part());
  fs::resize_file(part(), lines(1, 4).size() + 7);  // a kill in the middle of a write
  expect_confirmed(block(1, 10));
  EXPECT_EQ(content_of(part()), whole);
  // Cut differently since, or put together.
  restart();
  expect_confirmed(block(1, 5));
  expect_confirmed(block(6, 10));
  EXPECT_EQ(content_of(part()), whole + lines(11, 5));
}

TEST_F(Files, LoseTheTornLineOfAKilledProcess) {
  expect_confirmed(block(1, 3));
  for (const std::string& torn :
       {std::string(R"({"seq":4,"da)"), std::string(100, '\0'), std::string(R"({"seq":)") + '\n',
        R"({"seq":4,"data":)" + std::string(50, '\0') + "\n"}) {
    store_ = nullptr;
    append_to(part(), torn);
    restart();
    store_->idle();
    EXPECT_EQ(content_of(part()), lines(1, 3));
  }
  expect_confirmed(block(4, 1));
  EXPECT_EQ(content_of(part()), lines(1, 3) + lines(4, 1));
}

TEST_F(Files, KnowThatAnotherBufferMeansOtherRecords) {
  options_.max_size = 1U << 20U;
  expect_confirmed(block(1, 10));
  epoch_ = 0xdef;
  restart();
  expect_confirmed(block(1, 10));
  EXPECT_EQ(content_of(file("records-00000001.ndjson")), lines(1, 10));
  EXPECT_EQ(content_of(part()), lines(1, 10));
}

TEST_F(Files, AreNotHeldAgainstAnybodyWithoutTheirState) {
  expect_confirmed(block(1, 10));
  store_ = nullptr;
  std::ofstream(file(".records.ndjson.state")) << "sluice file sink 1\nagent gateway-7\nepo";
  expect_confirmed(block(1, 10));  // rather twice than not at all
  EXPECT_EQ(content_of(file("records-00000001.ndjson")), lines(1, 10));
  EXPECT_EQ(content_of(part()), lines(1, 10));
}

TEST_F(Files, MayBeCompressed) {
  options_.compression = FileCompression::Zstd;
  const std::string name = part().replace(part().size() - 5, 5, ".zst.part");
  expect_confirmed(block(1, 10));
  EXPECT_EQ(content_of(name), block(1, 10)->data);  // as it was stored
  append_to(name, block(11, 10)->data.substr(0, 50));
  restart();
  expect_confirmed(block(1, 10));
  expect_confirmed(block(6, 10));
  EXPECT_EQ(decompressed(content_of(name)), lines(1, 10) + lines(11, 5));
  options_.max_size = 1;
  restart();
  expect_confirmed(block(16, 1));
  EXPECT_EQ(names(), (List{".records.ndjson.state", "records-00000001.ndjson.zst",
                           "records-00000002.ndjson.zst"}));
}

TEST_F(Files, AreFinishedWhenCompressionIsSwitchedOn) {
  expect_confirmed(block(1, 10));
  options_.compression = FileCompression::Zstd;
  restart();
  expect_confirmed(block(1, 10));
  expect_confirmed(block(11, 10));
  EXPECT_EQ(content_of(file("records-00000001.ndjson")), lines(1, 10));
  EXPECT_EQ(content_of(file("records.ndjson.zst.part")), block(11, 10)->data);
}

TEST_F(Files, InADirectoryThatIsMissingAreAMatterOfConfiguration) {
  options_.path = file("not/there/records.ndjson");
  const Answer answer = write(block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
  EXPECT_NE(answer.detail.find("No such file or directory"), std::string::npos) << answer.detail;
  fs::create_directories(file("not/there"));
  expect_confirmed(block(1, 1));
}

TEST_F(Files, AreWrittenByOneProcessOnly) {
  expect_confirmed(block(1, 1));
  const std::unique_ptr<BlockWork> other = make_file_store(
      options_,
      {.agent = "gateway-7", .version = "1", .epoch = epoch_, .flows = {}, .flow_configs = {}},
      clock_);
  const Answer answer = other->write(block(2, 1), {});
  EXPECT_EQ(answer.verdict, Verdict::Misconfigured);
  EXPECT_NE(answer.detail.find("another process"), std::string::npos) << answer.detail;
}

TEST_F(Files, OnAFullDiskHoldWholeBlocksOnly) {
  expect_confirmed(block(1, 10));
  const auto size = fs::file_size(part());
  rlimit whole{};
  getrlimit(RLIMIT_FSIZE, &whole);
  rlimit tight = whole;
  tight.rlim_cur = size + 100;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &tight);
  const Answer answer = write(block(11, 10));
  setrlimit(RLIMIT_FSIZE, &whole);
  std::signal(SIGXFSZ, handler);
  EXPECT_EQ(answer.verdict, Verdict::Retry) << answer.detail;
  EXPECT_EQ(fs::file_size(part()), size);
  expect_confirmed(block(11, 10));
  EXPECT_EQ(content_of(part()), lines(1, 10) + lines(11, 10));
}

// Writes block after block, and tells the pipe which of them are confirmed, until it is killed.
[[noreturn]] void write_until_killed(BlockWork& store, std::uint64_t first, std::uint64_t seed,
                                     int pipe) {
  std::mt19937_64 random(seed);
  for (;;) {
    const BlockPtr next = block(first, static_cast<std::uint32_t>(1 + random() % 50));
    if (store.write(next, {}).verdict != Verdict::Confirmed) {
      _exit(1);
    }
    first = number(next->last()) + 1;
    if (::write(pipe, &first, sizeof(first)) != sizeof(first)) {
      _exit(2);
    }
  }
}

// The kernel ends a process that writes on behind this size, after it has written up to there: a
// kill in the middle of a line that can be aimed.
void die_behind(std::uint64_t file_size) {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
  const rlimit tight{.rlim_cur = file_size, .rlim_max = file_size};
  setrlimit(RLIMIT_FSIZE, &tight);
}

// The confirmation of the last blocks is lost with the process, so they come again, cut anew.
TEST_F(Files, SurviveKillsWithEveryRecordOnceAndInOrder) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  options_.max_size = 20'000;
  std::uint64_t next = 1;
  int torn = 0;
  constexpr int kKills = 40;
  for (int round = 0; round < kKills; ++round) {
    restart();
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const std::uint64_t again = next - std::min<std::uint64_t>(next - 1, random() % 200);
    const std::uint64_t child_seed = random();
    const std::uint64_t aim = random() % options_.max_size;
    const bool aimed = round % 2 == 0;
    const pid_t child = fork();
    if (child == 0) {
      if (aimed) {
        die_behind(aim);
      }
      write_until_killed(*store_, again, child_seed, ends[1]);
    }
    close(ends[1]);
    for (std::uint64_t confirmed = aimed ? ~0ULL : random() % 12; confirmed > 0; --confirmed) {
      if (read(ends[0], &next, sizeof(next)) != sizeof(next)) {
        break;
      }
    }
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << status;
    for (std::uint64_t last = 0; read(ends[0], &last, sizeof(last)) == sizeof(last);) {
      next = last;
    }
    close(ends[0]);
    const std::string left = content_of(part());
    torn += left.empty() || left.ends_with('\n') ? 0 : 1;
  }
  restart();
  expect_confirmed(block(next, 500));  // whatever of it there is
  const auto found = sequences();
  ASSERT_FALSE(found.empty());
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i], i + 1) << "of " << found.size();
  }
  EXPECT_GE(found.size(), next + 499);
  EXPECT_GT(torn, 0) << "no kill has hit a line";
}

}  // namespace
}  // namespace sluice::uplink_tests
