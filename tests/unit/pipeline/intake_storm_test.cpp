// Several sources and flows at once, with a store that settles the flows in any order.
#include "tests/unit/pipeline/field_side.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace sluice {
namespace {

constexpr std::size_t kSources = 3;
constexpr std::size_t kFlows = 4;
constexpr std::size_t kTopics = 5;
constexpr std::uint64_t kMessages = 6'000;  // of each source

std::vector<FlowOptions> make_flows() {
  return {flow("everything", {0, 1, 2}), flow("some", {0, 2}, {"t/0", "t/1"}),
          flow("others", {0, 1}, {"t/2"}), flow("one", {1}, {"+/1"})};
}

bool wants(std::size_t flow, std::size_t source, std::size_t topic) {
  switch (flow) {
    case 0:
      return topic != 4;  // whose name begins with $
    case 1:
      return source != 1 && topic < 2;
    case 2:
      return source != 2 && topic == 2;
    default:
      return source == 1 && topic == 1;
  }
}

std::size_t topic_of(std::uint64_t message) {
  return (message * 7 + message / 11) % kTopics;
}

// Stores blocks on a thread of its own: in order within a flow, in any order among flows.
class Store final : public BlockWriter {
 public:
  explicit Store(unsigned seed) : random_(seed) {}

  void submit(SealedBlock block) override {
    state_.change([&] { waiting_[number(block.block->flow)].push_back(block.block); });
  }
  void flush() override {}

  void run(Intake& intake, const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { state_.change([] {}); });
    while (true) {
      static_cast<void>(state_.wait([&] { return stop.stop_requested() || has_waiting(); }));
      const auto block = state_.read<BlockPtr>([&] { return pick(); });
      if (block == nullptr) {
        return;
      }
      store(*block);
      intake.settled(block->first);
    }
  }

  // The messages of `source` that `flow` has on disk, in the order of their lines.
  [[nodiscard]] std::vector<std::uint64_t> stored(std::size_t flow, std::size_t source) const {
    return state_.read<std::vector<std::uint64_t>>([&] { return stored_[flow][source]; });
  }
  [[nodiscard]] std::uint64_t last_stored(std::size_t flow, std::size_t source) const {
    return state_.read<std::uint64_t>(
        [&] { return stored_[flow][source].empty() ? 0 : stored_[flow][source].back(); });
  }
  [[nodiscard]] const std::set<std::uint64_t>& sequences() const { return sequences_; }

 private:
  [[nodiscard]] bool has_waiting() const {
    return std::any_of(std::begin(waiting_), std::end(waiting_),
                       [](const auto& blocks) { return !blocks.empty(); });
  }

  BlockPtr pick() {
    for (std::size_t tries = 0; has_waiting(); ++tries) {
      auto& blocks = waiting_[random_() % kFlows];
      if (!blocks.empty()) {
        BlockPtr block = blocks.front();
        blocks.pop_front();
        return block;
      }
    }
    return nullptr;
  }

  void store(const Block& block) {
    std::uint64_t sequence = number(block.first);
    for (const std::string& line : lines_of(block)) {
      EXPECT_TRUE(sequences_.insert(sequence++).second);
      const std::size_t at = line.find("\"data\":[") + 8;
      const auto source = static_cast<std::size_t>(line.at(at) - '0');
      std::uint64_t message = 0;
      std::from_chars(line.data() + at + 2, line.data() + line.size(), message);
      state_.change([&] { stored_[number(block.flow)][source].push_back(message); });
    }
  }

  Observed state_;
  std::mt19937 random_;
  std::array<std::deque<BlockPtr>, kFlows> waiting_;
  std::array<std::array<std::vector<std::uint64_t>, kSources>, kFlows> stored_;
  std::set<std::uint64_t> sequences_;
};

// Delivers its messages as fast as it may, and holds every release against the store.
class StormSource final : public Source {
 public:
  StormSource(std::size_t index, const Store& store, unsigned seed)
      : index_(index), store_(store), random_(seed) {}

  Status run(Inlet& inlet, std::stop_token /*stop*/) override {
    MessageBatch batch;
    for (std::uint64_t message = 1; message <= kMessages;) {
      for (std::size_t i = random_() % 50 + 1; i > 0 && message <= kMessages; --i, ++message) {
        add(message, batch);
      }
      inlet.deliver(batch);
      if (random_() % 20 == 0) {
        inlet.flush();
      }
      if (inlet.full()) {
        EXPECT_TRUE(state_.wait([&] { return !inlet.full() || resumes_ > 0; }));
        state_.change([&] { resumes_ = 0; });
      }
    }
    inlet.flush();
    EXPECT_TRUE(state_.wait([&] { return number(settled_) == kMessages; }));
    return {};
  }

  void settled(Ticket last) override {
    const auto before = state_.read<std::uint64_t>([&] { return number(settled_); });
    EXPECT_GT(number(last), before);
    for (std::uint64_t message = before + 1; message <= number(last); ++message) {
      for (std::size_t flow = 0; flow < kFlows; ++flow) {
        if (wants(flow, index_, topic_of(message))) {
          EXPECT_GE(store_.last_stored(flow, index_), message) << "released before it was stored";
        }
      }
    }
    state_.change([&] { settled_ = last; });
  }
  void resume() override {
    state_.change([&] { ++resumes_; });
  }
  std::string state_at(Ticket last) const override { return std::to_string(number(last)); }
  SourceCounts counts() const override { return {}; }

 private:
  void add(std::uint64_t message, MessageBatch& batch) {
    const std::size_t topic = topic_of(message);
    const std::string name = (topic == 4 ? "$t/" : "t/") + std::to_string(topic);
    const std::string payload = "[" + std::to_string(index_) + "," + std::to_string(message) +
                                ",\"" + std::string(random_() % 200, 'x') + "\"]";
    batch.add({.topic = name, .payload = payload, .received = {}});
  }

  std::size_t index_;
  const Store& store_;
  std::mt19937 random_;
  Observed state_;
  Ticket settled_{};
  int resumes_ = 0;
};

std::vector<std::uint64_t> expected_messages(std::size_t flow, std::size_t source) {
  std::vector<std::uint64_t> messages;
  for (std::uint64_t message = 1; message <= kMessages; ++message) {
    if (wants(flow, source, topic_of(message))) {
      messages.push_back(message);
    }
  }
  return messages;
}

TEST(IntakeStorm, ReleasesEveryMessageAfterItIsStoredEverywhere) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  const SystemClock clock;
  Store store(seed);
  std::vector<FlowOptions> flows = make_flows();
  flows[0].topics = {"t/+"};
  Intake intake(flows,
                {.block_size = 4'000,
                 .flush_interval = std::chrono::milliseconds(20),
                 .source_budget = 50'000},
                Sequence{0}, store, clock);
  std::deque<StormSource> sources;
  std::vector<Inlet*> inlets;
  for (std::size_t i = 0; i < kSources; ++i) {
    sources.emplace_back(i, store, seed + static_cast<unsigned>(i) + 1);
    inlets.push_back(&intake.attach(sources.back(), "source/" + std::to_string(i)));
  }
  {
    const std::jthread storing([&](const std::stop_token& stop) { store.run(intake, stop); });
    const std::jthread working([&](const std::stop_token& stop) { intake.run(stop); });
    std::vector<std::jthread> delivering;
    for (std::size_t i = 0; i < kSources; ++i) {
      delivering.emplace_back(
          [&, i](const std::stop_token& stop) { EXPECT_TRUE(sources[i].run(*inlets[i], stop)); });
    }
  }
  std::size_t records = 0;
  for (std::size_t flow = 0; flow < kFlows; ++flow) {
    for (std::size_t source = 0; source < kSources; ++source) {
      const auto stored = store.stored(flow, source);
      EXPECT_TRUE(stored == expected_messages(flow, source)) << flow << " " << source;
      records += stored.size();
    }
    EXPECT_GT(intake.counts(static_cast<FlowIndex>(flow)).blocks, 0U);
  }
  // Every sequence has been used, from the first to the last.
  EXPECT_EQ(*store.sequences().begin(), 1U);
  EXPECT_EQ(*store.sequences().rbegin(), records);
  EXPECT_EQ(store.sequences().size(), records);
}

}  // namespace
}  // namespace sluice
