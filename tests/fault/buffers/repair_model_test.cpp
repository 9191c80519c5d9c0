// Random histories of a buffer whose blocks are confirmed out of order, cut in two, put together,
// buried and queued again, over clean restarts and power cuts, against a plain model.
#include "tests/fault/buffers/record_model.h"
#include "tests/support/line_blocks.h"
#include "tests/support/power_cut_vfs.h"
#include "tests/support/stepped_buffer.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::make_lines;
using testing_support::PowerCutDisk;
using testing_support::PowerCutOptions;
using testing_support::SteppedBuffer;
using testing_support::TempDirectory;

const std::vector<std::size_t> kSinks{2, 1};  // of each flow
const std::vector<std::string> kNames{"x", "y"};

std::uint64_t variable(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): there is one thread
  return text != nullptr ? std::stoull(text) : otherwise;
}

struct Tally {
  std::size_t cuts = 0;
  std::size_t records = 0;
  std::size_t splits = 0;
  std::size_t merged = 0;  // blocks handed out that were put together
  std::size_t burials = 0;
  std::size_t requeued = 0;
};

// How a sink reads a flow: from the beginning, or after a position of its own.
struct Lane {
  std::size_t flow = 0;
  std::size_t sink = 0;
  bool fresh = false;
  std::uint64_t position = 0;
  std::shared_ptr<BlockPtr> open;  // where the answer goes
  BlockPtr block;
  std::uint64_t after = 0;  // with which the block was asked for
};

class History {
 public:
  History(const TempDirectory& directory, PowerCutOptions options, std::uint64_t seed, Tally& tally)
      : random_(seed),
        disk_(options, seed + 1),
        path_(directory.path() + "/buffer.db"),
        buffer_({.directory = directory.path(),
                 .routes = {{"a", {"x", "y"}}, {"b", {"x"}}},
                 .vfs = PowerCutDisk::vfs()}),
        tally_(tally) {}

  // Works for a while; ends with a clean restart if `operations` is 0, and with a power cut
  // otherwise, at the latest after as many operations of the disk.
  void live(std::uint64_t operations) {
    if (operations > 0) {
      disk_.cut_at(1 + random_() % operations);
    }
    if (buffer_.open()) {
      next_ = std::max(next_, number(buffer_.loop().last()) + 1);
      start_lanes();
      for (int i = 0; i < 60 && disk_.is_on() && !testing::Test::HasFailure(); ++i) {
        do_something();
      }
    }
    if (operations > 0) {
      disk_.cut_now();
      ++tally_.cuts;
    }
    if (buffer_.is_open()) {
      buffer_.step();
      note_settled();
    }
    buffer_.close();
    lanes_.clear();
    if (operations > 0) {
      disk_.restart();
    }
  }

  // Looks at everything, and leaves the disk as it was.
  void check() {
    const auto image = disk_.image();
    ASSERT_TRUE(buffer_.open());
    EXPECT_EQ(outline().quarantined, 0U) << "a block is damaged";
    const auto dead = dead_letters();
    for (std::size_t flow = 0; flow < kSinks.size(); ++flow) {
      for (std::size_t sink = 0; sink < kSinks[flow]; ++sink) {
        const auto of_sink = dead.find({flow, sink});
        model_.found(flow, sink, buffer_.drain(flow, sink),
                     of_sink != dead.end() ? of_sink->second : std::multiset<std::uint64_t>());
      }
      check_ledger(flow);
    }
    EXPECT_EQ(buffer_.counts().damaged_blocks, 0U);
    buffer_.close();
    disk_.restore(image);
  }

  [[nodiscard]] std::size_t records() const { return model_.records(); }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  void start_lanes() {
    for (std::size_t flow = 0; flow < kSinks.size(); ++flow) {
      for (std::size_t sink = 0; sink < kSinks[flow]; ++sink) {
        for (const bool fresh : {false, true}) {
          Lane lane;
          lane.flow = flow;
          lane.sink = sink;
          lane.fresh = fresh;
          lanes_.push_back(std::move(lane));
        }
      }
    }
  }

  void do_something() {
    const std::uint64_t dice = below(20);
    if (dice < 4) {
      submit(below(kSinks.size()), 1 + below(12));
    } else if (dice < 5) {
      submit_many_small();
    } else if (dice < 15) {
      deal_with(lanes_[below(lanes_.size())]);
    } else if (dice < 16) {
      change_dead();
    } else {
      tick();
    }
    note_settled();
  }

  void submit(std::size_t flow, std::size_t count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) {
      texts.emplace_back(below(8) == 0 ? below(4'000) : below(60),
                         static_cast<char>('a' + below(26)));
    }
    SealedBlock block = make_lines(flow, next_, texts);
    next_ += count;
    model_.submitted(*block.block);
    buffer_.submit(std::move(block));
  }

  // As a quiet source does while its sink is away.
  void submit_many_small() {
    const bool alone = below(2) == 0;
    for (std::uint64_t left = 16 + below(30); left > 0; --left) {
      submit(alone ? 0 : below(kSinks.size()), 1);
    }
    tick();
  }

  void tick() {
    buffer_.tick();
    note_settled();
    if (disk_.is_on() && buffer_.counts().trouble.empty()) {
      model_.durable();
    }
  }

  void note_settled() {
    const std::vector<std::uint64_t> all = buffer_.settled();
    for (; noted_ < all.size(); ++noted_) {
      model_.settled(all[noted_]);
    }
  }

  void deal_with(Lane& lane) {
    if (lane.block == nullptr) {
      fetch(lane);
      return;
    }
    const BlockPtr block = std::exchange(lane.block, nullptr);
    const RecordModel::Sequences records = sequences_of(*block);
    // The other lane of the sink may have been quicker.
    if (!std::ranges::all_of(records, [&](std::uint64_t each) {
          return model_.is_in_queue(lane.flow, lane.sink, each);
        })) {
      return;
    }
    const std::uint64_t dice = below(10);
    if (dice < 3 && block->count > 1) {
      split(lane, block);
    } else if (dice < 6 && block->count == 1) {
      buffer_.loop().inbox().bury({.flow = FlowIndex(static_cast<std::uint32_t>(lane.flow)),
                                   .sink = SinkIndex(static_cast<std::uint32_t>(lane.sink)),
                                   .range = {Sequence(lane.after), block->last()},
                                   .why = {.reason = "refused", .detail = "a test"},
                                   .block = nullptr});
      model_.ask(lane.flow, lane.sink, records, kDead);
      ++tally_.burials;
    } else if (dice < 9) {
      buffer_.confirm(lane.flow, lane.sink, lane.after, number(block->last()));
      model_.ask(lane.flow, lane.sink, records, kGone);
    }
    // Otherwise it failed and is asked for again.
    lane.position = dice < 9 ? std::max(lane.position, number(block->last())) : lane.position;
  }

  void fetch(Lane& lane) {
    if (lane.open == nullptr) {
      if (lane.fresh && (lane.position == 0 || below(6) == 0)) {
        lane.position =
            number(buffer_.loop().inbox().newest(FlowIndex(static_cast<std::uint32_t>(lane.flow))));
      }
      lane.after = lane.fresh ? lane.position : 0;
      if (lane.fresh && lane.after == 0) {
        return;
      }
      lane.open = std::make_shared<BlockPtr>();
      buffer_.loop().inbox().fetch({.flow = FlowIndex(static_cast<std::uint32_t>(lane.flow)),
                                    .sink = SinkIndex(static_cast<std::uint32_t>(lane.sink)),
                                    .after = Sequence(lane.after),
                                    .then = [this, flow = lane.flow, sink = lane.sink,
                                             answer = lane.open](const Result<BlockPtr>& block) {
                                      if (block) {
                                        model_.handed_out(flow, sink, **block);
                                        *answer = *block;
                                      }
                                    }});
    }
    buffer_.step();
    if (*lane.open != nullptr) {
      lane.block = *std::exchange(lane.open, nullptr);
      tally_.merged += lane.block->skipped > 0 ? 1U : 0U;
    }
  }

  void split(Lane& lane, const BlockPtr& block) {
    if (!model_.was_handed_out_last(*block)) {
      return;  // somebody else has asked for that already
    }
    const bool whole = model_.split_asked(*block);
    const auto answered = std::make_shared<bool>(false);
    buffer_.loop().inbox().split(
        {.flow = FlowIndex(static_cast<std::uint32_t>(lane.flow)),
         .first = block->first,
         .then = [answered](const Status& done) { *answered = bool(done); },
         .tried_last = std::nullopt});
    tick();
    tally_.splits += *answered ? 1U : 0U;
    EXPECT_TRUE(*answered || !whole || !disk_.is_on())
        << "a block that was handed out could not be split";
    lane.position = lane.after;
  }

  void change_dead() {
    const std::size_t flow = below(kSinks.size());
    const std::size_t sink = below(kSinks[flow]);
    const RecordModel::Sequences dead = model_.dead(flow, sink);
    if (dead.empty() || !disk_.is_on()) {
      return;
    }
    const std::uint64_t record = dead[below(dead.size())];
    const DeadId id = id_of(sink, record);
    const bool requeue = below(4) != 0;
    model_.ask(flow, sink, {record}, requeue ? kQueue : kGone);
    const auto answered = std::make_shared<bool>(false);
    buffer_.loop().inbox().change_dead(
        {.id = id,
         .what = requeue ? DeadRequest::What::Requeue : DeadRequest::What::Drop,
         .then = [answered](const Status& done) { *answered = bool(done); },
         .tried = false,
         .hole = std::nullopt});
    tick();
    EXPECT_TRUE(*answered || !disk_.is_on());
    tally_.requeued += *answered && requeue ? 1U : 0U;
  }

  BufferOutline outline() {
    BufferOutline outline;
    buffer_.inspect([&](Inspection& file) {
      Result<BufferOutline> found = file.outline();
      ASSERT_TRUE(found) << found.error().message;
      outline = *std::move(found);
    });
    return outline;
  }

  std::vector<DeadEntry> dead_entries() {
    std::vector<DeadEntry> entries;
    buffer_.inspect([&](Inspection& file) {
      Result<std::vector<DeadEntry>> found = file.dead(DeadId(0), 100'000);
      ASSERT_TRUE(found) << found.error().message;
      entries = *std::move(found);
    });
    return entries;
  }

  DeadId id_of(std::size_t sink, std::uint64_t record) {
    const std::vector<DeadEntry> entries = dead_entries();
    const auto found = std::ranges::find_if(entries, [&](const DeadEntry& each) {
      return number(each.first) == record && each.sink == kNames[sink];
    });
    EXPECT_NE(found, entries.end());
    return found != entries.end() ? found->id : DeadId(-1);
  }

  std::map<std::pair<std::size_t, std::size_t>, std::multiset<std::uint64_t>> dead_letters() {
    std::map<std::pair<std::size_t, std::size_t>, std::multiset<std::uint64_t>> found;
    for (const DeadEntry& each : dead_entries()) {
      buffer_.inspect([&](Inspection& file) {
        const Result<BlockPtr> letter = file.dead_block(each.id);
        EXPECT_TRUE(letter && *letter != nullptr);
      });
      found[{each.flow == "a" ? 0U : 1U, each.sink == "x" ? 0U : 1U}].insert(number(each.first));
    }
    return found;
  }

  HeldOutline held(StoredFlow flow) {
    HeldOutline sum;
    buffer_.inspect([&](Inspection& file) {
      const auto blocks = file.blocks(flow, Sequence(0), 100'000);
      ASSERT_TRUE(blocks) << blocks.error().message;
      for (const BlockOutline& block : *blocks) {
        ++sum.blocks;
        sum.records += block.records;
        sum.bytes += block.bytes;
      }
    });
    return sum;
  }

  void check_ledger(std::size_t flow) {
    const std::string name = flow == 0 ? "a" : "b";
    const BufferOutline all = outline();
    const auto found = std::ranges::find(all.flows, name, &FlowOutline::name);
    if (found == all.flows.end()) {
      return;  // it has never stored anything
    }
    const HeldOutline there = held(found->id);
    EXPECT_EQ(imbalance_of(found->ledger, there.records), 0)
        << "the ledger of flow " << name << " does not balance";
    // Of a flow that has never held anything it need not say so.
    EXPECT_TRUE(found->held.value_or(HeldOutline()) == there)
        << "what the file says it holds of flow " << name << " is wrong";
  }

  std::mt19937_64 random_;
  PowerCutDisk disk_;
  std::string path_;
  SteppedBuffer buffer_;
  RecordModel model_{kSinks};
  std::vector<Lane> lanes_;
  std::uint64_t next_ = 1;
  std::size_t noted_ = 0;
  Tally& tally_;
};

struct Kind {
  std::string name;
  PowerCutOptions options;
  friend void PrintTo(const Kind& each, std::ostream* out) { *out << each.name; }
};

class RepairModelTest : public testing::TestWithParam<Kind> {};

// SLUICE_SEED and SLUICE_TRIALS repeat or lengthen a run.
TEST_P(RepairModelTest, RemembersWhatThePlainModelRemembers) {
  const TempDirectory directory;
  const std::uint64_t base = variable("SLUICE_SEED", std::random_device{}());
  const std::uint64_t trials = variable("SLUICE_TRIALS", 40);
  Tally tally;
  for (std::uint64_t trial = 0; trial < trials && !HasFailure(); ++trial) {
    const std::uint64_t seed = base + trial;
    SCOPED_TRACE("repeat with SLUICE_SEED=" + std::to_string(seed) + " SLUICE_TRIALS=1");
    std::mt19937_64 random(seed);
    History history(directory, GetParam().options, seed, tally);
    for (std::uint64_t lives = 2 + random() % 4; lives > 0 && !HasFailure(); --lives) {
      // Long ones, short ones that hit the recovery from the cut before, and clean restarts.
      constexpr std::array<std::uint64_t, 4> kOperations{1'500, 400, 30, 0};
      history.live(kOperations.at(random() % kOperations.size()));
      history.check();
    }
    tally.records += history.records();
  }
  std::cout << "seeds " << base << " to " << base + trials - 1 << ": " << tally.cuts
            << " power cuts, " << tally.records << " records, " << tally.splits << " splits, "
            << tally.merged << " merged blocks sent, " << tally.burials << " burials, "
            << tally.requeued << " queued again\n";
}

INSTANTIATE_TEST_SUITE_P(Each, RepairModelTest,
                         testing::Values(Kind{"Sectors512", {.sector = 512}},
                                         Kind{"Sectors4096", {.sector = 4096}}),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace sluice
