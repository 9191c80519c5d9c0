// Damages the file of a buffer in every way that disks and people do, at random places, and opens
// it again: the buffer always starts, gives back what can be read, and nothing that it must not.
#include "buffers/crc32c.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::firsts;
using testing_support::make_block;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

constexpr std::size_t kPage = 4'096;
constexpr std::size_t kEraseBlock = 65'536;
constexpr std::size_t kLogHeader = 32;
constexpr std::size_t kFrame = 24 + kPage;

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
  return text != nullptr ? std::stoull(text) : otherwise;
}

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
  char byte() { return static_cast<char>(engine_()); }
  std::string bytes(std::size_t size) {
    std::string bytes(size, '\0');
    std::ranges::generate(bytes, [&] { return byte(); });
    return bytes;
  }

 private:
  std::mt19937_64 engine_;
};

struct Files {
  std::string database;
  std::string log;
};

struct Damage {
  const char* name;
  double least_percent;  // of the blocks that must come back, on average
  std::function<void(Files&, Random&)> apply;
};

void overwrite(std::string& bytes, std::size_t at, const std::string& with) {
  for (std::size_t i = 0; i < with.size() && at + i < bytes.size(); ++i) {
    bytes[at + i] = with[i];
  }
}

void flip(std::string& bytes, Random& random) {
  if (!bytes.empty()) {
    char& byte = bytes[random.below(bytes.size())];
    byte = static_cast<char>(byte ^ (1 << random.below(8)));
  }
}

std::size_t some_page(const std::string& bytes, Random& random) {
  return random.below(bytes.size() / kPage) * kPage;
}

// Pages whose first byte says that they hold the numbers of other pages.
void destroy_inner_page(Files& files, Random& random) {
  std::vector<std::size_t> inner;
  for (std::size_t at = kPage; at < files.database.size(); at += kPage) {
    if (files.database[at] == 5 || files.database[at] == 2) {
      inner.push_back(at);
    }
  }
  if (!inner.empty()) {
    overwrite(files.database, inner[random.below(inner.size())], random.bytes(kPage));
  }
}

const std::vector<Damage>& damages() {
  static const std::vector<Damage> all{
      {"one bit", 99, [](Files& files, Random& random) { flip(files.database, random); }},
      {"64 bytes", 0,
       [](Files& files, Random& random) {
         for (int i = 0; i < 64; ++i) {
           files.database[random.below(files.database.size())] = random.byte();
         }
       }},
      {"a page of zeros", 99,
       [](Files& files, Random& random) {
         overwrite(files.database, some_page(files.database, random), std::string(kPage, '\0'));
       }},
      {"a page of garbage", 99,
       [](Files& files, Random& random) {
         overwrite(files.database, some_page(files.database, random), random.bytes(kPage));
       }},
      {"a torn page", 99,
       [](Files& files, Random& random) {
         overwrite(files.database, some_page(files.database, random), random.bytes(512));
       }},
      {"an erased block", 80,
       [](Files& files, Random& random) {
         const std::size_t at = random.below(files.database.size() / kEraseBlock) * kEraseBlock;
         overwrite(files.database, at, std::string(kEraseBlock, '\xff'));
       }},
      {"the first page", 100,
       [](Files& files, Random& random) { overwrite(files.database, 0, random.bytes(kPage)); }},
      {"an inner page", 100, destroy_inner_page},
      {"cut short", 0,
       [](Files& files, Random& random) {
         files.database.resize(random.below(files.database.size()));
       }},
      {"empty", 0, [](Files& files, Random&) { files.database.clear(); }},
      {"garbage", 0,
       [](Files& files, Random& random) { files.database = random.bytes(files.database.size()); }},
      // Only of a buffer that was killed is there anything in the log.
      {"one bit of the log", 99, [](Files& files, Random& random) { flip(files.log, random); }},
      {"a page of the log", 99,
       [](Files& files, Random& random) {
         overwrite(files.log, some_page(files.log, random), std::string(kPage, '\0'));
       }},
      {"the log cut short", 0,
       [](Files& files, Random& random) { files.log.resize(random.below(files.log.size())); }},
      {"a log of garbage", 0,
       [](Files& files, Random& random) { files.log = random.bytes(files.log.size()); }},
      {"no log", 0, [](Files& files, Random&) { files.log.clear(); }},
      {"a page of both", 98,
       [](Files& files, Random& random) {
         overwrite(files.database, some_page(files.database, random), random.bytes(kPage));
         overwrite(files.log, some_page(files.log, random), random.bytes(kPage));
       }},
  };
  return all;
}

// A page of the files that holds the newest cursors.
struct CursorPage {
  bool in_log = false;
  std::size_t at = 0;
};

std::uint32_t root_of_cursors(const std::string& database) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open(database.c_str(), &handle), SQLITE_OK);
  std::uint32_t root = 0;
  const auto take = [](void* out, int, char** values, char**) {
    *static_cast<std::uint32_t*>(out) = static_cast<std::uint32_t>(std::stoul(values[0]));
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(handle, "SELECT rootpage FROM sqlite_schema WHERE name = 'cursor'", take,
                         &root, nullptr),
            SQLITE_OK);
  sqlite3_close(handle);
  return root;
}

// All pages with the same content as the newest version of page `number`.
std::vector<CursorPage> newest_versions(const Files& files, std::uint32_t number) {
  std::vector<std::pair<CursorPage, std::string>> versions;
  const std::size_t in_database = (number - 1) * kPage;
  versions.emplace_back(CursorPage{false, in_database}, files.database.substr(in_database, kPage));
  for (std::size_t at = kLogHeader; at + kFrame <= files.log.size(); at += kFrame) {
    std::uint32_t page = 0;
    for (std::size_t i = 0; i < sizeof(page); ++i) {
      page = page << 8U | static_cast<unsigned char>(files.log[at + i]);
    }
    const bool present = files.log.compare(at + 8, 8, files.log, 16, 8) == 0;
    if (page == number && present) {
      const std::size_t content = at + kFrame - kPage;
      versions.emplace_back(CursorPage{true, content}, files.log.substr(content, kPage));
    }
  }
  std::vector<CursorPage> newest;
  for (const auto& [place, content] : versions) {
    if (content == versions.back().second) {
      newest.push_back(place);
    }
  }
  return newest;
}

enum class End { Killed, Stopped };

// What a buffer has left behind.
class Specimen {
 public:
  // Killed: the last quarter of the blocks is in the log only.
  Specimen(End end, std::uint64_t seed, std::size_t blocks) {
    const TempDirectory directory;
    SteppedBuffer buffer(options(directory.path()));
    const std::size_t in_log = end == End::Killed ? blocks / 4 : 0;
    if (!buffer.open()) {
      return;
    }
    Random random(seed);
    for (std::size_t i = 0; i < blocks; ++i) {
      if (i + in_log == blocks) {  // the log begins anew
        buffer.close();
        if (!buffer.open()) {
          return;
        }
      }
      submit(buffer, random);
      if (i > blocks / 4 && i % 3 == 0) {
        confirm(buffer);
      }
      buffer.step();
      buffer.clock().advance(std::chrono::seconds(2));
      buffer.step();
    }
    epoch_ = buffer.loop().epoch();
    if (end == End::Stopped) {
      buffer.stop();
      buffer.close();
    }
    files_ = {contents(directory.file("buffer.db")), contents(directory.file("buffer.db-wal"))};
    buffer.close();
    cursor_pages_ = newest_versions(files_, root_of_cursors(directory.file("buffer.db")));
  }

  // The newest cursors can still be read.
  [[nodiscard]] bool has_cursors(const Files& damaged) const {
    return std::ranges::any_of(cursor_pages_, [&](const CursorPage& page) {
      const std::string& now = page.in_log ? damaged.log : damaged.database;
      const std::string& was = page.in_log ? files_.log : files_.database;
      return page.at + kPage <= now.size() && now.compare(page.at, kPage, was, page.at, kPage) == 0;
    });
  }

  static SqliteBufferOptions options(const std::string& directory) {
    return {
        .directory = directory,
        .durability = Durability::Process,  // the disk stays, so there is no need to wait for it
        .routes = {{"a", {"x"}}, {"b", {"y"}}}};
  }

  [[nodiscard]] const Files& files() const { return files_; }
  [[nodiscard]] std::uint64_t epoch() const { return epoch_; }
  [[nodiscard]] std::uint64_t last() const { return next_ - 1; }
  // Stored and not confirmed, with the checksum of the data.
  [[nodiscard]] std::map<std::uint64_t, std::uint32_t> live() const {
    std::map<std::uint64_t, std::uint32_t> live;
    for (const auto& [first, block] : stored_) {
      if (block.last > confirmed_[block.flow]) {
        live.emplace(first, block.crc);
      }
    }
    return live;
  }
  [[nodiscard]] bool is_confirmed(std::size_t flow, std::uint64_t last) const {
    return last <= confirmed_[flow];
  }
  [[nodiscard]] std::uint32_t crc(std::uint64_t first) const {
    const auto block = stored_.find(first);
    return block == stored_.end() ? 0 : block->second.crc;
  }

 private:
  struct Stored {
    std::size_t flow;
    std::uint64_t last;
    std::uint32_t crc;
  };

  void submit(SteppedBuffer& buffer, Random& random) {
    const std::size_t flow = random.below(4) == 0 ? 1 : 0;
    const auto count = static_cast<std::uint32_t>(1 + random.below(50));
    std::string data = random.bytes(500 + random.below(12'000));
    stored_[next_] = {flow, next_ + count - 1, crc32c(0, data)};
    SealedBlock block = make_block(flow, next_, count, std::move(data));
    block.state = {{"last", std::to_string(next_)}};
    buffer.submit(std::move(block));
    next_ += count;
  }

  // The oldest block that is not confirmed yet.
  void confirm(SteppedBuffer& buffer) {
    for (const auto& [first, block] : stored_) {
      if (block.last > confirmed_[block.flow]) {
        confirmed_[block.flow] = block.last;
        buffer.confirm(block.flow, 0, block.last);
        return;
      }
    }
  }

  Files files_;
  std::vector<CursorPage> cursor_pages_;
  std::uint64_t epoch_ = 0;
  std::uint64_t next_ = 1;
  std::map<std::uint64_t, Stored> stored_;
  std::array<std::uint64_t, 2> confirmed_{};
};

struct Outcome {
  std::size_t live = 0;
  std::size_t back = 0;
  std::size_t resurrected = 0;
  std::size_t wrong = 0;
  bool salvaged = false;
  std::uint64_t lost = 0;
};

Outcome open_damaged(const Specimen& specimen, const Files& files, const std::string& directory) {
  write(directory + "/buffer.db", files.database);
  if (!files.log.empty()) {
    write(directory + "/buffer.db-wal", files.log);
  }
  SteppedBuffer buffer(Specimen::options(directory));
  Outcome outcome;
  const auto live = specimen.live();
  outcome.live = live.size();
  const Status opened = buffer.open();
  EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
  if (!opened) {
    return outcome;
  }
  std::set<std::uint64_t> back;
  for (std::size_t flow = 0; flow < 2; ++flow) {
    for (int i = 0; i < 4; ++i) {  // damage that shows only when a block is read
      for (const BlockPtr& block : buffer.drain(flow, 0)) {
        const std::uint64_t first = number(block->first);
        back.insert(live.contains(first) ? first : 0);
        outcome.wrong += specimen.crc(first) == crc32c(0, block->data) ? 0U : 1U;
        outcome.resurrected += specimen.is_confirmed(flow, number(block->last())) ? 1U : 0U;
      }
      buffer.tick();
    }
  }
  back.erase(0);
  outcome.back = back.size();
  outcome.salvaged = !buffer.counts().quarantine.empty();
  outcome.lost = buffer.counts().lost_blocks + buffer.counts().damaged_blocks;

  // It works, and gives away no sequence twice.
  const std::uint64_t next = number(buffer.loop().last()) + 1;
  buffer.submit(make_block(0, next, 1, "new"));
  buffer.tick();
  EXPECT_FALSE(buffer.settled().empty()) << buffer.counts().trouble;
  return outcome;
}

struct Sum {
  std::size_t live = 0;
  std::size_t back = 0;
  std::size_t set_aside = 0;
  std::uint64_t counted = 0;

  [[nodiscard]] double percent() const {
    return 100.0 * static_cast<double>(back) / static_cast<double>(live);
  }
};

class DamageTest : public testing::TestWithParam<End> {
 protected:
  static constexpr std::size_t kBlocks = 240;

  Sum run(const Damage& damage, std::uint64_t trials) {
    Sum sum;
    for (std::uint64_t trial = 0; trial < trials; ++trial) {
      SCOPED_TRACE(std::string(damage.name) + ", trial " + std::to_string(trial));
      const TempDirectory directory;
      Files files = specimen_.files();
      damage.apply(files, random_);
      const Outcome outcome = open_damaged(specimen_, files, directory.path());
      EXPECT_EQ(outcome.wrong, 0U);
      if (specimen_.has_cursors(files)) {
        EXPECT_EQ(outcome.resurrected, 0U);
      }
      sum.live += outcome.live;
      sum.back += outcome.back;
      sum.set_aside += outcome.salvaged ? 1 : 0;
      sum.counted += outcome.lost;
    }
    std::cout << damage.name << ": " << sum.percent() << " % back, set aside " << sum.set_aside
              << "/" << trials << ", " << sum.live - sum.back << " missing, " << sum.counted
              << " counted\n";
    return sum;
  }

  const std::uint64_t seed_ = variable("SLUICE_DAMAGE_SEED", 1);
  const std::uint64_t trials_ = variable("SLUICE_DAMAGE_TRIALS", 4);
  const Specimen specimen_{GetParam(), seed_, kBlocks};
  Random random_{seed_};
};

TEST_P(DamageTest, TheBufferAlwaysStartsWithWhatCanBeRead) {
  std::cout << "SLUICE_DAMAGE_SEED=" << seed_ << " SLUICE_DAMAGE_TRIALS=" << trials_ << '\n';
  for (const Damage& damage : damages()) {
    const Sum sum = run(damage, trials_);
    if (damage.least_percent > 0) {
      EXPECT_GE(sum.percent(), damage.least_percent) << damage.name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DamageTest, testing::Values(End::Killed, End::Stopped),
                         [](const auto& instance) {
                           return instance.param == End::Killed ? "Killed" : "Stopped";
                         });

}  // namespace
}  // namespace sluice
