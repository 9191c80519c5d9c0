#include "pipeline/ticket_tracker.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace sluice {
namespace {

constexpr FlowIndex kA{0};
constexpr FlowIndex kB{1};

// Messages of ten bytes each.
Position message(std::uint64_t ticket) {
  return {Ticket{ticket}, (ticket - 1) * 10};
}

TEST(TicketTracker, CountsWhatHasBeenDelivered) {
  TicketTracker tracker;
  EXPECT_EQ(tracker.deliver(3, 30), Ticket{3});
  EXPECT_EQ(tracker.deliver(0, 0), Ticket{3});
  EXPECT_EQ(tracker.deliver(2, 20), Ticket{5});
  EXPECT_EQ(tracker.settled(), Ticket{0});
  EXPECT_EQ(tracker.outstanding(), 50U);
}

TEST(TicketTracker, SettlesWhatNobodyWantsAsSoonAsItIsLookedAt) {
  TicketTracker tracker;
  tracker.deliver(5, 50);
  tracker.move_frontier(message(4));
  EXPECT_EQ(tracker.settled(), Ticket{3});
  EXPECT_EQ(tracker.outstanding(), 20U);
}

TEST(TicketTracker, WaitsForTheFirstBlockThatIsNotSettled) {
  TicketTracker tracker;
  tracker.deliver(9, 90);
  tracker.hold(kA, message(2));
  tracker.hold(kB, message(3));
  tracker.hold(kA, message(6));
  tracker.move_frontier(message(10));
  EXPECT_EQ(tracker.settled(), Ticket{1});
  tracker.release(kB, message(3));
  EXPECT_EQ(tracker.settled(), Ticket{1});
  tracker.release(kA, message(2));
  EXPECT_EQ(tracker.settled(), Ticket{5});
  EXPECT_EQ(tracker.outstanding(), 40U);
  tracker.release(kA, message(6));
  EXPECT_EQ(tracker.settled(), Ticket{9});
  EXPECT_EQ(tracker.outstanding(), 0U);
}

TEST(TicketTracker, NeverSettlesBeyondTheFrontier) {
  TicketTracker tracker;
  tracker.deliver(9, 90);
  tracker.hold(kA, message(1));
  tracker.release(kA, message(1));
  EXPECT_EQ(tracker.settled(), Ticket{0});
}

TEST(TicketTracker, TellsBlocksApartThatBeginWithTheSameMessage) {
  TicketTracker tracker;
  tracker.deliver(1, 10);
  tracker.hold(kA, message(1));
  tracker.hold(kB, message(1));
  tracker.hold(kA, message(1));  // the message did not fit into one block
  tracker.move_frontier(message(2));
  tracker.release(kA, message(1));
  tracker.release(kA, message(1));
  EXPECT_EQ(tracker.settled(), Ticket{0});
  EXPECT_EQ(tracker.settled_with(kB, message(2)), Ticket{1});
  tracker.release(kB, message(1));
  EXPECT_EQ(tracker.settled(), Ticket{1});
}

TEST(TicketTracker, CountsOnBlocksOfTheSameFlowOnly) {
  TicketTracker tracker;
  tracker.deliver(9, 90);
  tracker.hold(kA, message(2));
  tracker.hold(kB, message(5));
  EXPECT_EQ(tracker.settled_with(kA, message(8)), Ticket{4});
  EXPECT_EQ(tracker.settled_with(kB, message(8)), Ticket{1});
  EXPECT_EQ(tracker.settled_with(kA, message(3)), Ticket{2});
  tracker.release(kB, message(5));
  EXPECT_EQ(tracker.settled_with(kA, message(8)), Ticket{7});
}

// The same, by looking at every message.
class NaiveTracker {
 public:
  void deliver(std::uint64_t bytes) { messages_.push_back({.bytes = bytes, .holds = {}}); }
  void look_at_next() { ++looked_at_; }
  void put(std::size_t ticket, int block) { messages_[ticket - 1].holds.insert(block); }
  void settle(int block) {
    for (Message& message : messages_) {
      message.holds.erase(block);
    }
  }

  [[nodiscard]] std::size_t settled() const {
    std::size_t count = 0;
    while (count < looked_at_ && messages_[count].holds.empty()) {
      ++count;
    }
    return count;
  }
  [[nodiscard]] std::uint64_t outstanding() const {
    std::uint64_t bytes = 0;
    for (std::size_t i = settled(); i < messages_.size(); ++i) {
      bytes += messages_[i].bytes;
    }
    return bytes;
  }

 private:
  struct Message {
    std::uint64_t bytes;
    std::set<int> holds;  // unsettled blocks, open ones as well
  };
  std::vector<Message> messages_;
  std::size_t looked_at_ = 0;
};

// One source whose messages go to random flows, into blocks that are sealed and settled at random.
class RandomWorld {
 public:
  explicit RandomWorld(unsigned seed) : random_(seed) {}

  void step() {
    switch (random_() % 4) {
      case 0:
        deliver();
        break;
      case 1:
        look_at();
        break;
      case 2:
        seal(random_() % kFlows);
        break;
      default:
        settle();
        break;
    }
    check();
  }

  void finish() {
    while (looked_at_ < sizes_.size()) {
      look_at();
    }
    for (std::size_t flow = 0; flow < kFlows; ++flow) {
      seal(flow);
    }
    while (!sealed_.empty()) {
      settle();
      check();
    }
    EXPECT_EQ(number(tracker_.settled()), sizes_.size());
    EXPECT_EQ(tracker_.outstanding(), 0U);
  }

 private:
  static constexpr std::size_t kFlows = 4;
  struct Block {
    int id;
    FlowIndex flow;
    Position first;
  };

  void deliver() {
    const std::size_t count = random_() % 4;
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i) {
      sizes_.push_back(random_() % 100);
      bytes += sizes_.back();
      naive_.deliver(sizes_.back());
    }
    EXPECT_EQ(number(tracker_.deliver(count, bytes)), sizes_.size());
  }

  void look_at() {
    if (looked_at_ == sizes_.size()) {
      return;
    }
    naive_.look_at_next();
    for (std::size_t flow = 0; flow < kFlows; ++flow) {
      if (random_() % 3 == 0) {
        if (!open_[flow]) {
          open_[flow] = Block{next_id_++, static_cast<FlowIndex>(flow), next_};
        }
        naive_.put(looked_at_ + 1, open_[flow]->id);
      }
    }
    next_ = next_.after(sizes_[looked_at_++]);
    tracker_.move_frontier(frontier());
  }

  void seal(std::size_t flow) {
    if (!open_[flow]) {
      return;
    }
    tracker_.hold(open_[flow]->flow, open_[flow]->first);
    sealed_.push_back(*open_[flow]);
    open_[flow].reset();
    tracker_.move_frontier(frontier());
  }

  void settle() {
    if (sealed_.empty()) {
      return;
    }
    const auto block = sealed_.begin() + static_cast<std::ptrdiff_t>(random_() % sealed_.size());
    tracker_.release(block->flow, block->first);
    naive_.settle(block->id);
    sealed_.erase(block);
  }

  [[nodiscard]] Position frontier() const {
    Position first = next_;
    for (const auto& block : open_) {
      if (block && block->first.ticket < first.ticket) {
        first = block->first;
      }
    }
    return first;
  }

  void check() {
    EXPECT_EQ(number(tracker_.settled()), naive_.settled());
    EXPECT_EQ(tracker_.outstanding(), naive_.outstanding());
    EXPECT_EQ(tracker_.has_held(), !sealed_.empty());
    EXPECT_GE(tracker_.settled(), last_);  // never goes back
    last_ = tracker_.settled();
  }

  std::mt19937 random_;
  TicketTracker tracker_;
  NaiveTracker naive_;
  std::vector<std::uint64_t> sizes_;
  std::size_t looked_at_ = 0;
  Position next_;
  std::array<std::optional<Block>, kFlows> open_;
  std::vector<Block> sealed_;
  int next_id_ = 0;
  Ticket last_{};
};

TEST(TicketTracker, AgreesWithANaiveModelWhateverTheOrder) {
  const auto seed = std::random_device{}();
  for (unsigned round = 0; round < 200 && !testing::Test::HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed + round));
    RandomWorld world(seed + round);
    for (int i = 0; i < 300; ++i) {
      world.step();
    }
    world.finish();
  }
}

}  // namespace
}  // namespace sluice
