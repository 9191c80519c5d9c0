// Cuts the power at random moments, also while the buffer recovers from the last cut, on a disk
// that keeps of what was not synced whatever it likes. Nothing that was settled may be missing, nor
// what came with it: states, figures and dead letters.
#include "buffers/ledger.h"
#include "tests/support/power_cut_vfs.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
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
using testing_support::make_dead_input;
using testing_support::make_empty;
using testing_support::PowerCutDisk;
using testing_support::PowerCutOptions;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

constexpr std::size_t kFlows = 2;

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
  return text != nullptr ? std::stoull(text) : otherwise;
}

std::string random_bytes(std::mt19937_64& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(bytes.data() + at, &word, sizeof(word));
  }
  return bytes;
}

// One history of a device: life, power cut, life, power cut, ...
class Device {
 public:
  Device(const TempDirectory& directory, PowerCutOptions options,
         std::chrono::milliseconds spill_after, std::uint64_t seed)
      : random_(seed),
        disk_(options, seed + 1),
        path_(directory.path() + "/buffer.db"),
        lazy_(spill_after > std::chrono::milliseconds(0)),
        buffer_({.directory = directory.path(),
                 .spill_after = spill_after,
                 .routes = {{"a", {"x", "y"}}, {"b", {"x"}}},
                 .vfs = PowerCutDisk::vfs()}) {}

  // Blocks so large that the log is copied into the database while it is at work.
  void use_large_blocks() { largest_ = 300'000; }

  // Works until the power is cut.
  void live(std::uint64_t operations) {
    disk_.cut_at(1 + random_() % operations);
    if (buffer_.open()) {
      note_settled();
      next_ = std::max(next_, number(buffer_.loop().last()) + 1);
      for (int i = 0; i < (largest_ > 30'000 ? 200 : 60) && disk_.is_on(); ++i) {
        do_something();
      }
    }
    disk_.cut_now();
    if (buffer_.is_open()) {
      buffer_.step();
      note_settled();
    }
    buffer_.close();
    disk_.restart();
  }

  // Looks at everything, and leaves the disk as it was.
  void check() {
    const auto image = disk_.image();
    ASSERT_TRUE(buffer_.open());
    for (std::size_t flow = 0; flow < kFlows; ++flow) {
      for (std::size_t sink = 0; sink < sinks(flow); ++sink) {
        check_sink(flow, sink);
      }
      const std::string state =
          buffer_.loop().inbox().load("flow " + std::to_string(flow)).value_or("0");
      EXPECT_GE(std::stoull(state), newest_settled_[flow]) << "the state is older than its block";
    }
    check_accounts();
    for (const auto& [first, block] : settled_) {
      EXPECT_GE(buffer_.loop().last(), block->last()) << "a sequence would be used again";
      if (const auto letter = letters_.find(first); letter != letters_.end()) {
        EXPECT_GE(number(buffer_.loop().last()), letter->second) << "that of a dead letter";
      }
    }
    EXPECT_GE(buffer_.loop().last(), handed_out_) << "a sequence has left already";
    EXPECT_EQ(buffer_.counts().damaged_blocks, 0U);
    buffer_.close();
    EXPECT_EQ(integrity(), "ok");
    disk_.restore(image);
  }

  [[nodiscard]] std::size_t settled() const { return settled_.size(); }

 private:
  static std::size_t sinks(std::size_t flow) { return flow == 0 ? 2 : 1; }

  void do_something() {
    const std::uint64_t dice = random_() % 10;
    const std::size_t flow = random_() % kFlows;
    if (dice < 6) {
      submit(flow);
    } else if (dice < 8) {
      confirm(flow, random_() % sinks(flow));
    } else {
      buffer_.tick();
      note_settled();
    }
  }

  void submit(std::size_t flow) {
    const auto count = static_cast<std::uint32_t>(1 + random_() % 5);
    const std::size_t size =
        random_() % 4 == 0 ? random_() % largest_ : random_() % (largest_ / 30);
    const std::uint64_t first = next_;
    SealedBlock block;
    if (random_() % 4 == 0) {
      block = make_empty(flow, first);
      block.counted = {{"received", 3}, {"made", 1}, {"filtered", 4}};
      next_ += 1;
    } else {
      block = make_block(flow, first, count, random_bytes(random_, size));
      next_ += count;
    }
    block.counted.push_back({word_of(first), 1});
    if (random_() % 2 == 0) {
      block.state = {{"flow " + std::to_string(flow), std::to_string(first)}};
      with_state_.insert(first);
    }
    if (random_() % 4 == 0) {
      block.dead.push_back(make_dead_input(flow, next_, random_bytes(random_, 1 + size / 4)));
      block.counted.push_back({"received", 1});
      letters_[first] = next_++;
    }
    submitted_[first] = block.block;
    buffer_.submit(std::move(block));
  }

  // Of each block a figure of its own tells how often it was counted.
  static std::string word_of(std::uint64_t first) { return "block " + std::to_string(first); }

  void check_accounts() {
    BufferOutline outline;
    std::map<std::uint64_t, int> dead;
    buffer_.inspect([&](Inspection& file) {
      outline = *file.outline();
      const auto entries = file.dead(DeadId(0), 100'000);
      ASSERT_TRUE(entries);
      for (const DeadEntry& each : *entries) {
        EXPECT_EQ(each.sink, "");
        EXPECT_EQ(each.why.detail, "at byte " + std::to_string(number(each.first)));
        const Result<BlockPtr> block = file.dead_block(each.id);
        EXPECT_TRUE(block && *block != nullptr) << "a dead letter is damaged";
        ++dead[number(each.first)];
      }
    });
    Ledger all;
    for (const FlowOutline& flow : outline.flows) {
      EXPECT_EQ(imbalance_of(flow.ledger, flow.held.value_or(HeldOutline()).records), 0)
          << "the ledger of flow " << flow.name << " does not balance";
      all.insert(flow.ledger.begin(), flow.ledger.end());
    }
    for (const auto& [first, block] : submitted_) {
      const bool settled = settled_.contains(first);
      const auto letter = letters_.find(first);
      // Without either, what was settled from memory is counted when something is written.
      const bool written = !lazy_ || with_state_.contains(first) || letter != letters_.end();
      const auto counted = all.find(word_of(first));
      const std::uint64_t times = counted != all.end() ? counted->second : 0;
      EXPECT_LE(times, 1U) << "block " << first << " was counted more than once";
      EXPECT_TRUE(times == 1 || !settled || !written) << "block " << first << " was not counted";
      if (letter != letters_.end()) {
        EXPECT_EQ(dead[letter->second], static_cast<int>(times))
            << "the letter of block " << first << " is not where its block is";
      }
    }
  }

  void confirm(std::size_t flow, std::size_t sink) {
    const BlockPtr block = buffer_.fetch(flow, sink, confirmed_[{flow, sink}]);
    note_settled();
    if (block != nullptr) {
      handed_out_ = std::max(handed_out_, block->last());
      confirmed_[{flow, sink}] = number(block->last());
      buffer_.confirm(flow, sink, number(block->last()));
    }
  }

  void note_settled() {
    const std::vector<std::uint64_t> all = buffer_.settled();
    for (; noted_ < all.size(); ++noted_) {
      const BlockPtr& block = submitted_.at(all[noted_]);
      settled_[all[noted_]] = block;
      if (!with_state_.contains(all[noted_])) {
        continue;
      }
      newest_settled_[number(block->flow)] =
          std::max(newest_settled_[number(block->flow)], number(block->first));
    }
  }

  void check_sink(std::size_t flow, std::size_t sink) {
    const std::vector<BlockPtr> found = buffer_.drain(flow, sink);
    const std::vector<std::uint64_t> numbers = firsts(found);
    EXPECT_TRUE(std::ranges::is_sorted(numbers));
    for (const BlockPtr& block : found) {
      const auto original = submitted_.find(number(block->first));
      ASSERT_NE(original, submitted_.end()) << "a block that was never submitted";
      EXPECT_EQ(block->data, original->second->data);
      EXPECT_EQ(block->count, original->second->count);
    }
    const std::set<std::uint64_t> there(numbers.begin(), numbers.end());
    for (const auto& [first, block] : settled_) {
      const bool wanted = !block->empty() && number(block->flow) == flow &&
                          number(block->last()) > confirmed_[{flow, sink}];
      if (wanted && !there.contains(first)) {
        ADD_FAILURE() << "block " << first << " was settled and is lost";
      }
    }
  }

  [[nodiscard]] std::string integrity() const {
    sqlite3* database = nullptr;
    std::string answer = "cannot be opened";
    if (sqlite3_open_v2(path_.c_str(), &database, SQLITE_OPEN_READWRITE, PowerCutDisk::vfs()) ==
        SQLITE_OK) {
      const auto take = [](void* out, int, char** values, char**) {
        *static_cast<std::string*>(out) = values[0];
        return 0;
      };
      sqlite3_exec(database, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA integrity_check", take, &answer,
                   nullptr);
    }
    sqlite3_close(database);
    return answer;
  }

  std::mt19937_64 random_;
  PowerCutDisk disk_;
  std::string path_;
  bool lazy_;
  SteppedBuffer buffer_;
  std::uint64_t next_ = 1;
  std::size_t largest_ = 30'000;
  std::size_t noted_ = 0;
  std::map<std::uint64_t, BlockPtr> submitted_;
  std::map<std::uint64_t, BlockPtr> settled_;
  std::map<std::size_t, std::uint64_t> newest_settled_;  // of those with a state
  std::set<std::uint64_t> with_state_;
  std::map<std::uint64_t, std::uint64_t> letters_;  // by the block they came with
  Sequence handed_out_{};
  std::map<std::pair<std::size_t, std::size_t>, std::uint64_t> confirmed_;  // asked for, at least
};

struct Kind {
  std::string name;
  PowerCutOptions options;
  std::chrono::milliseconds spill_after{0};
  friend void PrintTo(const Kind& each, std::ostream* out) { *out << each.name; }
};

class PowerCutTest : public testing::TestWithParam<Kind> {};

// SLUICE_SEED and SLUICE_TRIALS repeat or lengthen a run.
TEST_P(PowerCutTest, LosesNothingThatWasSettled) {
  const TempDirectory directory;
  const std::uint64_t base = variable("SLUICE_SEED", std::random_device{}());
  const std::uint64_t trials = variable("SLUICE_TRIALS", 150);
  std::uint64_t cuts = 0;
  std::size_t settled = 0;
  for (std::uint64_t trial = 0; trial < trials && !HasFailure(); ++trial) {
    const std::uint64_t seed = base + trial;
    SCOPED_TRACE("repeat with SLUICE_SEED=" + std::to_string(seed) + " SLUICE_TRIALS=1");
    std::mt19937_64 random(seed);
    Device device(directory, GetParam().options, GetParam().spill_after, seed);
    const bool large = trial % 5 == 0;
    if (large) {
      device.use_large_blocks();
    }
    device.live(large ? 5'000 : 700);
    device.check();
    // The next ones often hit the recovery from the one before.
    for (std::uint64_t more = random() % 4; more > 0 && !HasFailure(); --more) {
      device.live(random() % 2 == 0 ? 30 : 400);
      device.check();
      ++cuts;
    }
    ++cuts;
    settled += device.settled();
  }
  std::cout << "seeds " << base << " to " << base + trials - 1 << ": " << cuts << " power cuts, "
            << settled << " blocks settled\n";
  EXPECT_GT(settled, trials);
}

INSTANTIATE_TEST_SUITE_P(
    Each, PowerCutTest,
    testing::Values(Kind{"Sectors512", {.sector = 512}}, Kind{"Sectors4096", {.sector = 4096}},
                    Kind{"GarbledSector", {.sector = 512, .garble_in_flight = true}},
                    // A step of the clock is shorter than this, and two are longer.
                    Kind{"LazySectors512", {.sector = 512}, std::chrono::seconds(3)},
                    Kind{"LazySectors4096", {.sector = 4096}, std::chrono::seconds(3)}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
