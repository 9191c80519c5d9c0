// When the intake tells a source that its messages are safe, and that it has room again.
#include "tests/unit/pipeline/field_side.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

TEST(Settling, WaitsForEveryBlockThatHoldsAPart) {
  FieldSide side({flow("a", {0}, {"a", "ab"}), flow("b", {0}, {"b", "ab"})}, 1);
  side.start();
  side.deliver(0, "a", "1");
  side.deliver(0, "ab", "2");
  side.deliver(0, "b", "3");
  const auto blocks = side.flush(0, 2);
  side.settle(blocks[1]);
  EXPECT_EQ(side.source(0).settled_ticket(), 0U);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(3));
}

TEST(Settling, ReleasesWhatIsBeforeTheFirstUnsettledBlock) {
  FieldSide side({flow("a", {0}, {"a"}), flow("b", {0}, {"b"})}, 1);
  side.start();
  side.deliver(0, "a", "1");
  side.deliver(0, "a", "2");
  side.deliver(0, "b", "3");
  side.deliver(0, "a", "4");
  const auto blocks = side.flush(0, 2);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(2));
  EXPECT_EQ(side.source(0).settled_ticket(), 2U);
  side.settle(blocks[1]);
  EXPECT_TRUE(side.source(0).wait_for_settled(4));
}

TEST(Settling, DoesNotReleaseWhatIsStillInAnOpenBlock) {
  FieldSide side({flow("a", {0, 1}, {"a"}), flow("b", {0}, {"b"})}, 2);
  side.start();
  side.deliver(1, "a", "1");  // so that flushing source 1 seals flow a
  side.deliver(0, "b", "1");
  side.deliver(0, "a", "2");
  const auto blocks = side.flush(1, 1);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(1).wait_for_settled(1));
  EXPECT_EQ(side.source(0).settled_ticket(), 0U);
}

TEST(Settling, KnowsWhichMessagesStayOpenWhenSequencesBecomeLonger) {
  FieldSide side({flow("a", {0}, {"a"}), flow("b", {0}, {"b"})}, 1, {.block_size = 1'000},
                 Sequence{97});
  // One byte less than a block, if these two become 98 and 99.
  side.deliver(0, "b", "\"" + std::string(447, 'x') + "\"");
  side.deliver(0, "b", "\"" + std::string(448, 'x') + "\"");
  // But they become 100 and 101, and only one of them fits.
  side.deliver(0, "a", std::string(1'000, 'x'));
  side.deliver(0, "a", std::string(1'000, 'x'));
  side.deliver(0, "b", "1");
  side.start();
  const auto blocks = side.flush(0, 4);
  ASSERT_EQ(blocks.at(2).block->flow, FlowIndex{1});
  ASSERT_EQ(blocks.at(2).block->count, 1U);
  ASSERT_TRUE(side.buffer.wait_for_flushes(1));
  for (std::size_t i = 0; i < 3; ++i) {
    side.settle(blocks[i]);
  }
  EXPECT_LT(side.source(0).settled_ticket(), 2U);
  side.settle(blocks[3]);
  EXPECT_TRUE(side.source(0).wait_for_settled(5));
}

TEST(Settling, CountsMessagesNobodyWantsOnceTheyWereLookedAt) {
  FieldSide side({flow("a", {0}, {"a"})}, 2);
  side.start();
  side.deliver(1, "a", "1");  // this source feeds no flow
  EXPECT_TRUE(side.source(1).wait_for_settled(1));
  side.deliver(0, "x", "1");
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
  side.deliver(0, "a", "2");
  side.deliver(0, "x", "3");
  side.deliver(0, "x", "4");
  const auto blocks = side.flush(0, 1);
  EXPECT_TRUE(side.buffer.wait_for_flushes(1));
  EXPECT_EQ(side.source(0).settled_ticket(), 1U);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(4));
}

TEST(Settling, IgnoresBlocksItDoesNotKnow) {
  FieldSide side({flow("a", {0})}, 1);
  side.start();
  side.intake.settled(Sequence{77});
  side.deliver(0, "a", "1");
  const auto blocks = side.flush(0, 1);
  side.settle(blocks[0]);
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
}

TEST(Settling, MakesASourcePauseAtItsBudgetAndResumeAtHalfOfIt) {
  constexpr std::size_t kMessage = 1'000;
  constexpr std::size_t kOverhead = 64 + 1;  // what we need to keep it, and the topic
  FieldSide side({flow("a", {0, 1})}, 2, {.source_budget = 4 * (kMessage + kOverhead)});
  side.start();
  const std::string payload(kMessage, 'x');
  std::vector<SealedBlock> blocks;
  for (std::size_t i = 1; i <= 4; ++i) {
    EXPECT_FALSE(side.inlet(0).full());
    side.deliver(0, "t", payload);
    blocks = side.flush(0, i);
  }
  EXPECT_FALSE(side.inlet(0).full());
  side.deliver(0, "t", payload);
  EXPECT_TRUE(side.inlet(0).full());
  EXPECT_FALSE(side.inlet(1).full());
  blocks = side.flush(0, 5);
  for (int i = 0; i < 2; ++i) {
    side.settle(blocks[static_cast<std::size_t>(i)]);
    EXPECT_TRUE(side.inlet(0).full());
  }
  EXPECT_EQ(side.source(0).resumes(), 0);
  side.settle(blocks[2]);
  EXPECT_FALSE(side.inlet(0).full());
  EXPECT_EQ(side.source(0).resumes(), 1);
  side.settle(blocks[3]);
  side.settle(blocks[4]);
  EXPECT_EQ(side.source(0).resumes(), 1);
  EXPECT_EQ(side.source(1).resumes(), 0);
  side.deliver(0, "t", std::string(5 * kMessage, 'x'));
  EXPECT_TRUE(side.inlet(0).full());  // and again
  blocks = side.flush(0, 6);
  side.settle(blocks[5]);
  EXPECT_TRUE(side.source(0).wait_for_resumes(2));
}

TEST(Settling, MakesRoomWithoutBeingAskedWhenTheBudgetRunsShort) {
  FieldSide side({flow("a", {0})}, 1, {.source_budget = 10'000});
  side.start();
  side.deliver(0, "t", std::string(4'000, 'x'));
  side.deliver(0, "t", std::string(2'000, 'x'));
  ASSERT_TRUE(side.buffer.wait_for_flushes(1));  // half of it
  EXPECT_EQ(side.buffer.blocks().size(), 1U);
  side.deliver(0, "t", std::string(2'000, 'x'));
  side.deliver(0, "t", std::string(2'000, 'x'));
  ASSERT_TRUE(side.buffer.wait_for_flushes(2));  // all of it
  for (const SealedBlock& block : side.buffer.blocks()) {
    side.settle(block);
  }
  EXPECT_TRUE(side.source(0).wait_for_resumes(1));
}

TEST(Settling, LetsASourceWithoutABudgetGoOn) {
  FieldSide side({flow("a", {0})}, 1, {.source_budget = 0});
  side.start();
  for (std::size_t i = 1; i <= 3; ++i) {
    side.deliver(0, "t", "1");
    EXPECT_TRUE(side.inlet(0).full());
    ASSERT_TRUE(side.buffer.wait_for_blocks(i));
    side.settle(side.buffer.blocks().back());
    EXPECT_TRUE(side.source(0).wait_for_settled(i));
    EXPECT_TRUE(side.source(0).wait_for_resumes(static_cast<int>(i)));
  }
}

TEST(Settling, MayBeAnsweredWithTheNextMessages) {
  FieldSide side({flow("a", {0})}, 1);
  side.source(0).on_settled = [&side](Ticket last) {
    if (number(last) < 5) {
      side.deliver(0, "t", "1");
      side.inlet(0).flush();
    }
  };
  side.start();
  side.deliver(0, "t", "1");
  side.inlet(0).flush();
  for (std::size_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(side.buffer.wait_for_blocks(i));
    side.settle(side.buffer.blocks().back());
  }
  EXPECT_TRUE(side.source(0).wait_for_settled(5));
}

TEST(Settling, IsToldByOneThreadAtATime) {
  FieldSide side({flow("a", {0})}, 1);
  std::vector<SealedBlock> blocks;
  side.source(0).on_settled = [&](Ticket last) {
    if (last == Ticket{1}) {
      std::jthread([&] { side.settle(blocks[1]); }).join();
      EXPECT_EQ(side.source(0).settled_ticket(), 1U);  // busy: told when it has returned
    }
  };
  side.start();
  for (std::size_t i = 1; i <= 2; ++i) {
    side.deliver(0, "t", "1");
    blocks = side.flush(0, i);
    ASSERT_TRUE(side.buffer.wait_for_flushes(static_cast<int>(i)));  // its round is over
  }
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(2));
}

std::string rows(const SealedBlock& block) {
  std::string text;
  for (const StateRow& row : block.state) {
    text += row.key + "=" + row.value + " ";
  }
  return text;
}

std::function<std::string(Ticket)> ticket_as_state() {
  return [](Ticket last) { return std::to_string(number(last)); };
}

TEST(SourceState, GoesWithTheBlockThatHoldsTheMessages) {
  FieldSide side({flow("a", {0, 1})}, 3);
  side.source(0).state_function = ticket_as_state();
  side.source(1).state_function = ticket_as_state();
  side.start();
  side.deliver(0, "t", "1");
  side.deliver(0, "t", "2");
  EXPECT_EQ(rows(side.flush(0, 1)[0]), "source/0=2 ");
  side.deliver(0, "t", "3");
  side.deliver(1, "t", "1");
  EXPECT_EQ(rows(side.flush(0, 2)[1]), "source/0=3 source/1=1 ");
}

TEST(SourceState, IsWrittenOnlyWhenItHasChanged) {
  FieldSide side({flow("a", {0})}, 1);
  side.source(0).state_function = [](Ticket last) {
    return number(last) < 3 ? "same" : number(last) < 4 ? "other" : "";
  };
  side.start();
  std::string all;
  for (std::size_t i = 1; i <= 5; ++i) {
    side.deliver(0, "t", "1");
    all += std::to_string(i) + ":" + rows(side.flush(0, i)[i - 1]);
  }
  EXPECT_EQ(all, "1:source/0=same 2:3:source/0=other 4:source/0= 5:");
}

TEST(SourceState, IncludesTheMessageThatFillsABlock) {
  FieldSide side({flow("a", {0})}, 1, {.block_size = 1'000});
  side.source(0).state_function = ticket_as_state();
  side.start();
  side.deliver(0, "t", "1");
  side.deliver(0, "t", std::string(2'000, 'x'));
  ASSERT_TRUE(side.buffer.wait_for_blocks(2));
  EXPECT_EQ(rows(side.buffer.blocks()[0]), "source/0=1 ");
  EXPECT_EQ(rows(side.buffer.blocks()[1]), "source/0=2 ");
}

TEST(SourceState, SpeaksOnlyOfMessagesThatAreStoredWithItForCertain) {
  FieldSide side({flow("a", {0}, {"a"}), flow("b", {0, 1}, {"b"})}, 2);
  side.source(0).state_function = ticket_as_state();
  side.start();
  side.deliver(0, "b", "1");
  side.deliver(0, "a", "2");
  side.deliver(0, "b", "3");
  side.deliver(1, "b", "1");
  auto blocks = side.flush(1, 1);  // flow b; ticket 2 is in an open block
  EXPECT_EQ(rows(blocks[0]), "source/0=1 source/1= ");
  side.deliver(0, "a", "4");
  blocks = side.flush(0, 2);  // flow a, while b may or may not be on disk
  EXPECT_EQ(rows(blocks[1]), "");
  side.settle(blocks[0]);
  side.deliver(0, "a", "5");
  blocks = side.flush(0, 3);
  EXPECT_EQ(rows(blocks[2]), "source/0=5 ");
}

TEST(SourceState, IsLimitedByUnsettledBlocksOfOtherFlows) {
  FieldSide side({flow("a", {0}, {"a"}), flow("b", {0}, {"b"})}, 1);
  side.source(0).state_function = [](Ticket last) {
    return number(last) == 0 ? "" : std::to_string(number(last));
  };
  side.start();
  side.deliver(0, "a", "1");
  auto blocks = side.flush(0, 1);
  EXPECT_EQ(rows(blocks[0]), "source/0=1 ");
  side.settle(blocks[0]);
  EXPECT_TRUE(side.source(0).wait_for_settled(1));
  side.deliver(0, "b", "2");
  side.deliver(0, "a", "3");
  blocks = side.flush(0, 3);
  EXPECT_EQ(blocks[1].block->flow, FlowIndex{0});
  EXPECT_EQ(rows(blocks[1]), "");             // 1 again: message 2 is in the open block
  EXPECT_EQ(rows(blocks[2]), "source/0=2 ");  // message 3 is in the other flow's block
}

}  // namespace
}  // namespace sluice
