// Whether a thread that does not get on is noticed, and one that rests is left in peace.
#include "commands/thread_watch.h"

#include "tests/support/fake_clock.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

// A thread that takes a turn when it is nudged, unless it is stuck.
struct Worker {
  bool stuck = false;
  std::uint64_t nudges = 0;
  std::uint64_t turns = 0;

  WatchedThread watched(const std::string& name, unsigned patience = 60) {
    return {.name = name,
            .nudge =
                [this] {
                  ++nudges;
                  turns += stuck ? 0 : 1;
                },
            .turns = [this] { return turns; },
            .patience = patience};
  }
};

class ThreadsOfAnAgent : public testing::Test {
 protected:
  void look(unsigned times) {
    for (unsigned i = 0; i < times; ++i) {
      clock_.advance(1s);
      watch_.look();
    }
  }

  testing_support::FakeClock clock_;
  ThreadWatch watch_{clock_};
  Worker worker_;
  Worker other_;
};

using Words = std::vector<std::string>;

TEST_F(ThreadsOfAnAgent, MayRestAsLongAsTheyAnswer) {
  watch_.add(worker_.watched("the store"));
  look(10'000);
  EXPECT_EQ(watch_.stuck(), Words{});
  EXPECT_GT(worker_.nudges, 500U);
  EXPECT_LT(worker_.nudges, 1'100U) << "each wake-up costs something";
}

TEST_F(ThreadsOfAnAgent, AreNamedWhenTheyDoNotAnswer) {
  watch_.add(worker_.watched("the store"));
  watch_.add(other_.watched("the intake"));
  look(5);
  worker_.stuck = true;
  look(200);
  const Words stuck = watch_.stuck();
  ASSERT_EQ(stuck.size(), 1U);
  EXPECT_TRUE(stuck[0].starts_with("the store has not moved for 1")) << stuck[0];
  worker_.turns += 1;
  look(1);
  EXPECT_EQ(watch_.stuck(), Words{}) << "it gets on again";
}

TEST_F(ThreadsOfAnAgent, AreNotTakenForStuckBeforeTheirPatienceIsOver) {
  worker_.stuck = true;
  watch_.add(worker_.watched("the store", 300));
  watch_.add(other_.watched("the intake"));
  other_.stuck = true;
  look(100);
  ASSERT_EQ(watch_.stuck().size(), 1U);
  EXPECT_TRUE(watch_.stuck()[0].starts_with("the intake"));
  look(300);
  EXPECT_EQ(watch_.stuck().size(), 2U);
}

TEST_F(ThreadsOfAnAgent, AreStuckIfNobodyLooks) {
  watch_.add(worker_.watched("the store"));
  EXPECT_EQ(watch_.stuck(), Words{}) << "nobody has begun to look";
  look(1);
  clock_.advance(60s);
  EXPECT_EQ(watch_.stuck(), Words{});
  clock_.advance(1s);
  ASSERT_EQ(watch_.stuck().size(), 1U);
  EXPECT_NE(watch_.stuck()[0].find("main thread"), std::string::npos);
}

TEST_F(ThreadsOfAnAgent, AreNotBlamedForTheSleepOfTheDevice) {
  watch_.add(worker_.watched("the store"));
  look(5);
  clock_.advance(24h);
  look(1);
  EXPECT_EQ(watch_.stuck(), Words{});
}

}  // namespace
}  // namespace sluice
