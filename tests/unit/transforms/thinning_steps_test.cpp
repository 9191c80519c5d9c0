#include "transforms/thinning_steps.h"

#include "tests/unit/transforms/running.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<Step> made(Result<std::unique_ptr<Step>> step) {
  return step ? *std::move(step) : nullptr;
}

Running deadband(const DeadbandOptions& options) {
  return Running(made(make_deadband(options)));
}

TEST(Deadband, PassesWhatDiffersEnoughFromWhatPassedLast) {
  Running step = deadband({.fields = {"t"}, .change = 0.5});
  EXPECT_EQ(step.one(R"({"t":20})"), R"({"t":20})");
  EXPECT_EQ(step.one(R"({"t":20.4})"), "-");
  EXPECT_EQ(step.one(R"({"t":20.5})"), R"({"t":20.5})");
  EXPECT_EQ(step.one(R"({"t":20.1})"), "-");
  EXPECT_EQ(step.one(R"({"t":19.9})"), R"({"t":19.9})");
  EXPECT_EQ(step.filtered, 2U);
}

TEST(Deadband, ReckonsAsPeopleDo) {
  Running step = deadband({.fields = {"t"}, .change = 0.1});
  EXPECT_EQ(step.one(R"({"t":21.3})"), R"({"t":21.3})");
  EXPECT_EQ(step.one(R"({"t":21.4})"), R"({"t":21.4})");
}

TEST(Deadband, WithoutAChangeFiltersWhatIsEqual) {
  Running step = deadband({.fields = {"t"}});
  EXPECT_EQ(step.one(R"({"t":1})"), R"({"t":1})");
  EXPECT_EQ(step.one(R"({"t":1.0})"), "-");
  EXPECT_EQ(step.one(R"({"t":1.0000001})"), R"({"t":1.0000001})");
}

TEST(Deadband, KnowsPercent) {
  Running step = deadband({.fields = {"t"}, .change = 10, .percent = true});
  EXPECT_EQ(step.one(R"({"t":-200})"), R"({"t":-200})");
  EXPECT_EQ(step.one(R"({"t":-181})"), "-");
  EXPECT_EQ(step.one(R"({"t":-180})"), R"({"t":-180})");
  EXPECT_EQ(step.one(R"({"t":0})"), R"({"t":0})");
  EXPECT_EQ(step.one(R"({"t":0.0})"), "-");
  EXPECT_EQ(step.one(R"({"t":0.001})"), R"({"t":0.001})");
}

TEST(Deadband, LooksAtEachTopicOrEachValueOfItsFields) {
  Running topics = deadband({.fields = {"t"}, .change = 1});
  EXPECT_EQ(topics.one(R"({"t":1})", "a"), R"({"t":1})");
  EXPECT_EQ(topics.one(R"({"t":1})", "b"), R"({"t":1})");
  EXPECT_EQ(topics.one(R"({"t":1})", "a"), "-");
  Running fields = deadband({.fields = {"t"}, .by = {"d", "e"}, .change = 1});
  EXPECT_EQ(fields.one(R"({"t":1,"d":"x"})", "a"), R"({"t":1,"d":"x"})");
  EXPECT_EQ(fields.one(R"({"t":1,"d":"x"})", "b"), "-");
  EXPECT_EQ(fields.one(R"({"t":1,"e":"x"})", "b"), R"({"t":1,"e":"x"})");
}

TEST(Deadband, PassesIfOneOfSeveralFieldsDiffers) {
  Running step = deadband({.fields = {"a", "b"}, .change = 1});
  EXPECT_EQ(step.one(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(step.one(R"({"a":1,"b":5})"), R"({"a":1,"b":5})");
  EXPECT_EQ(step.one(R"({"b":5})"), "-");
  EXPECT_EQ(step.one(R"({"a":1.5,"b":6})"), R"({"a":1.5,"b":6})");
  EXPECT_EQ(step.one(R"({"a":2})"), "-");  // 1.5 has passed with b
}

TEST(Deadband, LeavesWhatIsNoNumberAlone) {
  Running step = deadband({.fields = {"t"}, .change = 1});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(step.one(R"({"t":"1"})"), R"({"t":"1"})");
    EXPECT_EQ(step.one(R"({"t":null})"), R"({"t":null})");
    EXPECT_EQ(step.one(R"({"u":1})"), R"({"u":1})");
  }
  EXPECT_FALSE(step.chain().state()->changed());
}

TEST(Deadband, LetsARecordPassAfterALongSilence) {
  Running step = deadband({.fields = {"t"}, .change = 1, .max_silence = seconds(10)});
  step.of(R"({"t":1})");
  step.clock().advance(milliseconds(9999));
  EXPECT_EQ(step.one(R"({"t":1})"), "-");
  step.clock().set_wall(step.clock().now() + std::chrono::hours(24 * 3650));
  EXPECT_EQ(step.one(R"({"t":1})"), "-");
  step.clock().advance(milliseconds(1));
  EXPECT_EQ(step.one(R"({"t":1})"), R"({"t":1})");
  EXPECT_EQ(step.one(R"({"t":1})"), "-");
}

TEST(Deadband, ForgetsTheGroupSeenLongestAgo) {
  Running step = deadband({.fields = {"t"}, .change = 1, .max_groups = 2});
  step.of(R"({"t":1})", "a");
  step.of(R"({"t":1})", "b");
  EXPECT_EQ(step.one(R"({"t":1})", "a"), "-");
  EXPECT_EQ(step.one(R"({"t":1})", "c"), R"({"t":1})");  // in the place of b
  EXPECT_EQ(step.one(R"({"t":1})", "a"), "-");
  EXPECT_EQ(step.one(R"({"t":1})", "b"), R"({"t":1})");
}

TEST(Deadband, LetsARecordOfAnEndlessGroupPass) {
  Running step = deadband({.fields = {"t"}, .by = {"d"}, .change = 1});
  const std::string record = R"({"t":1,"d":")" + std::string(2000, 'x') + "\"}";
  EXPECT_EQ(step.one(record), record);
  EXPECT_EQ(step.one(record), record);
}

TEST(Deadband, ChangesItsStateOnlyIfARecordPasses) {
  Running step = deadband({.fields = {"t"}, .change = 1});
  Stateful& state = *step.chain().state();
  EXPECT_EQ(state.save(), "");
  step.of(R"({"t":1})");
  EXPECT_TRUE(state.changed());
  state.save();
  EXPECT_FALSE(state.changed());
  step.of(R"({"t":1.5})");
  step.run();
  EXPECT_FALSE(state.changed());
  step.of(R"({"t":3})");
  EXPECT_TRUE(state.changed());
}

TEST(Dedupe, FiltersWhatSaysTheSameAgain) {
  Running step(made(make_dedupe({.ignore = {"seq"}})));
  EXPECT_EQ(step.one(R"({"a":1,"seq":1})"), R"({"a":1,"seq":1})");
  EXPECT_EQ(step.one(R"({"a": 1,"seq":2})"), "-");
  EXPECT_EQ(step.one(R"({"a":1,"b":2,"seq":2})"), R"({"a":1,"b":2,"seq":2})");
  EXPECT_EQ(step.one(R"({"a":1,"seq":3})"), R"({"a":1,"seq":3})");
  EXPECT_EQ(step.one(R"({"a":1,"seq":3})", "other"), R"({"a":1,"seq":3})");
  EXPECT_EQ(step.one("text", "a/b", BodyKind::Text), "text");
  EXPECT_EQ(step.one("text", "a/b", BodyKind::Text), "-");
}

TEST(Dedupe, LetsTheSamePassAfterALongSilence) {
  Running step(made(make_dedupe({.by = {"d"}, .max_silence = seconds(60)})));
  step.of(R"({"d":1})");
  step.clock().advance(seconds(59));
  EXPECT_EQ(step.one(R"({"d":1})", "elsewhere"), "-");
  step.clock().advance(seconds(1));
  EXPECT_EQ(step.one(R"({"d":1})"), R"({"d":1})");
}

TEST(Throttle, LetsSoManyPassInAnInterval) {
  Running step(made(make_throttle({.most = 2, .per = seconds(10)})));
  EXPECT_EQ(step.one("1"), "1");
  EXPECT_EQ(step.one("2"), "2");
  EXPECT_EQ(step.one("3"), "-");
  EXPECT_EQ(step.one("3", "other"), "3");
  step.clock().advance(milliseconds(9999));
  EXPECT_EQ(step.one("4"), "-");
  step.clock().advance(milliseconds(1));
  EXPECT_EQ(step.one("5"), "5");
}

TEST(Sample, TakesTheFirstOfEachInterval) {
  Running step(made(make_sample({.every = seconds(5)})));
  EXPECT_EQ(step.one("1"), "1");
  EXPECT_EQ(step.one("2"), "-");
  EXPECT_EQ(step.one("2", "other"), "2");
  EXPECT_EQ(step.chain().due(), std::nullopt);
  step.clock().advance(seconds(5));
  EXPECT_EQ(step.one("3"), "3");
  EXPECT_EQ(step.filtered, 1U);
}

TEST(Sample, HoldsTheLastUntilTheIntervalIsOver) {
  Running step(made(make_sample({.every = seconds(5), .take = SampleOptions::Take::Last})));
  const Instant start = step.clock().elapsed();
  const Timestamp second = step.clock().now() + seconds(1);
  EXPECT_EQ(step.one(R"({"n":1})"), "-");
  step.clock().advance(seconds(1));
  EXPECT_EQ(step.one(R"({"n": 2})"), "-");
  EXPECT_EQ(step.one("bytes", "b", BodyKind::Binary), "-");
  EXPECT_EQ(step.chain().due(), start + seconds(5));
  step.clock().advance(seconds(4));
  EXPECT_EQ(step.of(R"({"n":3})"), (std::vector<std::string>{R"({"n": 2})", "bytes"}));
  EXPECT_EQ(step.came()[0].topic, "a/b");
  EXPECT_EQ(step.came()[0].time, second);
  EXPECT_EQ(step.came()[0].origin, TransformOutput::kMade);
  EXPECT_EQ(step.came()[1].kind, BodyKind::Binary);
  step.clock().advance(seconds(5));
  step.run();
  EXPECT_EQ(step.bodies(), std::vector<std::string>{R"({"n":3})"});
  EXPECT_EQ(step.filtered, 1U);
  EXPECT_EQ(step.aggregated, 3U);
  EXPECT_EQ(step.made, 3U);
  EXPECT_EQ(step.chain().due(), std::nullopt);
  EXPECT_EQ(step.chain().state()->save(), "");
}

TEST(Sample, LosesNothingWhenItHoldsTooMuch) {
  Running few(
      made(make_sample({.every = seconds(5), .take = SampleOptions::Take::Last, .max_groups = 2})));
  few.add("1", "a");
  few.add("2", "b");
  few.add("3", "c");
  few.run();
  EXPECT_EQ(few.bodies(), std::vector<std::string>{"1"});
  Running small(
      made(make_sample({.every = seconds(5), .take = SampleOptions::Take::Last, .max_bytes = 10})));
  EXPECT_EQ(small.one("12345678", "a"), "-");
  EXPECT_EQ(small.of("12345678", "b"), (std::vector<std::string>{"12345678", "12345678"}));
  EXPECT_EQ(small.chain().due(), std::nullopt);
}

TEST(Sample, PutsOutWhatItHeldBeforeARestartWhateverItsOptionsAreNow) {
  Running before(made(make_sample({.every = seconds(5), .take = SampleOptions::Take::Last})));
  before.of(R"({"n":1})", "x");
  const std::string saved = before.chain().state()->save();
  Running after(made(make_sample({.by = {"d"}, .every = seconds(60)})));
  ASSERT_TRUE(after.chain().state()->restore(saved));
  EXPECT_LE(after.chain().due(), after.clock().elapsed());
  after.clock().advance(seconds(120));
  after.run();
  EXPECT_EQ(after.bodies(), std::vector<std::string>{R"({"n":1})"});
  EXPECT_TRUE(after.chain().state()->changed());
}

TEST(Thinning, RefusesOptionsThatMakeNoSense) {
  EXPECT_FALSE(make_deadband({.fields = {}}));
  EXPECT_FALSE(make_deadband({.fields = {"a"}, .change = -1}));
  EXPECT_FALSE(make_deadband({.fields = {"a"}, .max_groups = 0}));
  EXPECT_FALSE(make_dedupe({.max_groups = 0}));
  EXPECT_FALSE(make_sample({.every = seconds(0)}));
  EXPECT_FALSE(make_sample({.every = seconds(1), .max_groups = 0}));
  EXPECT_FALSE(make_throttle({.most = 0}));
  EXPECT_FALSE(make_throttle({.most = 1, .per = seconds(0)}));
}

}  // namespace
}  // namespace sluice
