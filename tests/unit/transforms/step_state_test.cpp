// What every step that remembers something promises about its state.
#include "tests/unit/transforms/running.h"
#include "transforms/state_bytes.h"
#include "transforms/thinning_steps.h"
#include "transforms/window_step.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Kind {
  const char* name;
  std::function<Result<std::unique_ptr<Step>>()> make;
};

void PrintTo(const Kind& kind, std::ostream* out) {
  *out << kind.name;
}

class StepState : public testing::TestWithParam<Kind> {
 protected:
  [[nodiscard]] static std::unique_ptr<Step> make() {
    auto step = GetParam().make();
    return step ? *std::move(step) : nullptr;
  }
};

// Some records of a few groups, or none, and time that passes.
void feed(Running& step, std::mt19937& random) {
  for (unsigned records = random() % 4; records > 0; --records) {
    step.add("{\"d\":" + std::to_string(random() % 6) + ",\"t\":" + std::to_string(random() % 4) +
                 ",\"at\":" + std::to_string(1'763'692'800 + random() % 20) + "}",
             "topic/" + std::to_string(random() % 6));
  }
  step.run();
  step.clock().advance(milliseconds(random() % 2000));
}

std::string shown(const Running& step) {
  std::string all;
  for (const Came& each : step.came()) {
    all += each.topic + ' ' + std::to_string(each.time.time_since_epoch().count()) + ' ' +
           each.body + ' ' + each.error + '\n';
  }
  return all;
}

TEST_P(StepState, GoesOnAfterARestartAsIfNothingHadHappened) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    Running whole(make());
    auto part = std::make_unique<Running>(make());
    for (int i = 0; i < 60; ++i) {
      if (random() % 8 == 0) {
        const std::string saved = part->chain().state()->save();
        // The monotonic clock starts anywhere; the wall clock has gone on.
        auto next = std::make_unique<Running>(make());
        next->clock().advance(milliseconds(random() % 100'000));
        next->clock().set_wall(part->clock().now());
        if (!saved.empty()) {
          ASSERT_TRUE(next->chain().state()->restore(saved));
        }
        part = std::move(next);
      }
      std::mt19937 same = random;
      feed(whole, random);
      feed(*part, same);
      ASSERT_EQ(shown(*part), shown(whole));
    }
  }
}

TEST_P(StepState, SavedAndRestoredIsTheSame) {
  std::mt19937 random(1);
  Running step(make());
  for (int i = 0; i < 20; ++i) {
    feed(step, random);
  }
  const std::string saved = step.chain().state()->save();
  ASSERT_NE(saved, "");
  Running other(make());
  ASSERT_TRUE(other.chain().state()->restore(saved));
  EXPECT_FALSE(other.chain().state()->changed());
  EXPECT_EQ(other.chain().state()->save(), saved);
}

TEST_P(StepState, RefusesWhatIsDamagedAndStaysAsItIs) {
  std::mt19937 random(2);
  std::unique_ptr<Step> step = make();
  Stateful& state = *step->state();
  {
    Running fed(make());
    for (int i = 0; i < 20; ++i) {
      feed(fed, random);
    }
    const std::string chain = fed.chain().state()->save();
    ASSERT_TRUE(state.restore(chain.substr(chain.find('\n') + 1)));
  }
  const std::string saved = state.save();
  for (std::size_t size = 0; size < saved.size(); ++size) {
    ASSERT_FALSE(state.restore(saved.substr(0, size))) << size;
    std::string damaged = saved;
    damaged[size] =
        static_cast<char>(static_cast<unsigned char>(damaged[size]) ^ (1U << (random() % 8)));
    ASSERT_FALSE(state.restore(damaged)) << size;
  }
  ASSERT_FALSE(state.restore(saved + "x"));
  ASSERT_FALSE(state.restore(StateWriter("another 1").finish()));
  EXPECT_EQ(state.save(), saved);
}

TEST_P(StepState, WritesNothingWhileNothingComes) {
  std::mt19937 random(3);
  Running step(make());
  for (int i = 0; i < 20; ++i) {
    feed(step, random);
  }
  // What is due comes out; then it is quiet.
  step.clock().advance(seconds(1000));
  step.run();
  step.chain().state()->save();
  for (int i = 0; i < 5; ++i) {
    step.clock().advance(seconds(1000));
    step.run();
    EXPECT_FALSE(step.chain().state()->changed());
  }
  EXPECT_EQ(step.chain().due(), std::nullopt);
}

TEST_P(StepState, SurvivesAWallClockThatWasWrongBeforeTheRestart) {
  for (const auto jump : {std::chrono::hours(-24), std::chrono::hours(24 * 3650)}) {
    std::mt19937 random(4);
    Running before(make());
    for (int i = 0; i < 20; ++i) {
      feed(before, random);
    }
    Running after(make());
    after.clock().set_wall(before.clock().now() + jump);
    ASSERT_TRUE(after.chain().state()->restore(before.chain().state()->save()));
    after.run();
    after.clock().advance(seconds(1000));
    after.run();
    EXPECT_EQ(after.chain().due(), std::nullopt);
    feed(after, random);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, StepState,
    testing::Values(
        Kind{"deadband",
             [] {
               return make_deadband(
                   {.fields = {"t"}, .change = 2, .max_silence = seconds(5), .max_groups = 4});
             }},
        Kind{"dedupe",
             [] {
               return make_dedupe(
                   {.by = {"d"}, .ignore = {"at"}, .max_silence = seconds(5), .max_groups = 4});
             }},
        Kind{"sample_first",
             [] { return make_sample({.by = {"d"}, .every = seconds(3), .max_groups = 4}); }},
        Kind{"sample_last",
             [] {
               return make_sample(
                   {.every = seconds(3), .take = SampleOptions::Take::Last, .max_groups = 4});
             }},
        Kind{"window",
             [] {
               return make_window({.every = seconds(2),
                                   .size = seconds(5),
                                   .by = {"d"},
                                   .fields = {{"t", {Aggregation::Stddev, Aggregation::P50}}},
                                   .max_groups = 8});
             }},
        Kind{"window_by_event",
             [] {
               return make_window({.every = seconds(2),
                                   .fields = {{"t", {Aggregation::First, Aggregation::Count}}},
                                   .time_field = "at",
                                   .grace = seconds(1),
                                   .max_groups = 8});
             }},
        Kind{"throttle",
             [] { return make_throttle({.most = 2, .per = seconds(5), .max_groups = 4}); }}),
    [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace sluice
