#include "transforms/window_step.h"

#include "tests/unit/transforms/running.h"
#include "transforms/event_time.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>
#include <regex>

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using A = Aggregation;
using Late = WindowOptions::Late;

// The fake clock starts at 1763692800000, a full minute.
constexpr std::int64_t kStart = 1'763'692'800;

Running window(const WindowOptions& options) {
  auto step = make_window(options);
  return Running(step ? *std::move(step) : nullptr);
}

// By the field `at`, in seconds.
WindowOptions by_event(Late late = Late::Emit) {
  return {.every = seconds(10),
          .fields = {{"t", {A::Count}}},
          .time_field = "at",
          .grace = seconds(2),
          .late = late};
}

std::string event(std::int64_t at) {
  return R"({"t":1,"at":)" + std::to_string(kStart + at) + "}";
}

std::string result(std::int64_t start, int count, bool late = false) {
  const std::string from = std::to_string((kStart + start) * 1000);
  const std::string to = std::to_string((kStart + start + 10) * 1000);
  return "{\"window_start\":" + from + ",\"window_end\":" + to + (late ? ",\"late\":true" : "") +
         ",\"t_count\":" + std::to_string(count) + "}";
}

using Bodies = std::vector<std::string>;

// What all results together have counted.
int counted(const Running& step) {
  int sum = 0;
  for (const Came& each : step.came()) {
    std::smatch match;
    if (std::regex_search(each.body, match, std::regex(R"re("t_count":(\d+))re"))) {
      sum += std::stoi(match[1]);
    }
  }
  return sum;
}

TEST(Window, MakesOneRecordOfAllThatArriveInAnInterval) {
  Running step = window(
      {.every = seconds(10),
       .fields = {{"t", {A::Min, A::Max, A::Avg, A::Sum, A::Count, A::First, A::Last, A::Stddev}},
                  {"p", {A::Last, A::Count}}}});
  const Instant start = step.clock().elapsed();
  EXPECT_EQ(step.one(R"({"t":4,"x":1})"), "-");
  step.clock().advance(seconds(3));
  step.add(R"({"t":2})");
  step.add(R"({"t":9.5})");
  step.run();
  EXPECT_EQ(step.bodies(), Bodies{});
  EXPECT_EQ(step.chain().due(), start + seconds(10));
  step.clock().advance(milliseconds(6999));
  step.run();
  EXPECT_EQ(step.bodies(), Bodies{});
  step.clock().advance(milliseconds(1));
  step.run();
  ASSERT_EQ(step.bodies().size(), 1U);
  const std::string body = step.bodies().front();
  EXPECT_TRUE(body.starts_with(
      R"({"window_start":1763692800000,"window_end":1763692810000,"t_min":2,"t_max":9.5,)"
      R"("t_avg":5.166666666666667,"t_sum":15.5,"t_count":3,"t_first":4,"t_last":9.5,)"
      R"("t_stddev":3.883)"))
      << body;
  EXPECT_TRUE(body.ends_with(R"(,"p_last":null,"p_count":0})")) << body;
  EXPECT_EQ(step.came()[0].topic, "a/b");
  EXPECT_EQ(step.came()[0].time, Timestamp(seconds(kStart + 10)));
  EXPECT_EQ(step.came()[0].origin, TransformOutput::kMade);
  EXPECT_EQ(step.aggregated, 3U);
  EXPECT_EQ(step.made, 1U);
  EXPECT_EQ(step.chain().due(), std::nullopt);
}

TEST(Window, BeginsAtFullMultiplesOfTheWallClock) {
  Running step = window({.every = seconds(10), .fields = {{"t", {A::Count}}}});
  step.clock().advance(seconds(7));
  const Instant now = step.clock().elapsed();
  step.of(R"({"t":1})");
  EXPECT_EQ(step.chain().due(), now + seconds(3));
  step.clock().advance(seconds(3));
  EXPECT_EQ(step.of(R"({"t":1})"), Bodies{result(0, 1)});
  step.clock().advance(seconds(25));
  step.run();
  EXPECT_EQ(step.bodies(), Bodies{result(10, 1)});
}

TEST(Window, KeepsItsGroupsApart) {
  Running step = window({.every = seconds(10), .by = {"d", "e"}, .fields = {{"t", {A::Sum}}}});
  step.add(R"({"d":"x","t":1})");
  step.add(R"({"d":"y","e":{"f":2},"t":2})");
  step.add(R"({"d":"x","t":4})", "c");
  step.add(R"({"t":8})");
  step.run();
  step.clock().advance(seconds(10));
  step.run();
  const std::string bounds = R"("window_start":1763692800000,"window_end":1763692810000,)";
  EXPECT_EQ(step.bodies(),
            (Bodies{R"({"d":"y","e":{"f":2},)" + bounds + R"("t_sum":2})",
                    R"({"d":"x",)" + bounds + R"("t_sum":5})", "{" + bounds + R"("t_sum":8})"}));
}

TEST(Window, LeavesWhatItCannotAggregateAsItIs) {
  Running arrival = window({.every = seconds(10), .fields = {{"t", {A::Sum}}}});
  EXPECT_EQ(arrival.one(R"({"t":"1"})"), R"({"t":"1"})");
  EXPECT_EQ(arrival.one(R"({"u":1})"), R"({"u":1})");
  Running event = window(by_event());
  EXPECT_EQ(event.one(R"({"t":1})"), R"({"t":1})");
  EXPECT_EQ(event.one(R"({"t":1,"at":"noon"})"), R"({"t":1,"at":"noon"})");
  EXPECT_EQ(event.one(R"({"t":1,"at":1e300})"), R"({"t":1,"at":1e300})");
}

TEST(Window, OverlapsIfItIsLargerThanItsStep) {
  Running step = window({.every = seconds(10), .size = seconds(30), .fields = {{"t", {A::Sum}}}});
  Bodies all;
  for (int i = 0; i < 6; ++i) {
    const Bodies came = i < 3 ? step.of("{\"t\":" + std::to_string(1 << i) + "}") : [&] {
      step.run();
      return step.bodies();
    }();
    all.insert(all.end(), came.begin(), came.end());
    step.clock().advance(seconds(10));
  }
  std::vector<std::string> sums;
  std::ranges::transform(all, std::back_inserter(sums),
                         [](const std::string& body) { return body.substr(body.rfind(':')); });
  EXPECT_EQ(sums, (Bodies{":1}", ":3}", ":7}", ":6}", ":4}"}));
}

TEST(Window, NeitherLosesNorKeepsAnythingWhenTheWallClockIsSet) {
  for (const hours jump : {hours(-24), hours(24 * 3650)}) {
    Running step = window({.every = seconds(10), .fields = {{"t", {A::Count}}}});
    step.clock().advance(seconds(4));
    const Instant end = step.clock().elapsed() + seconds(6);
    step.of(R"({"t":1})");
    step.clock().set_wall(step.clock().now() + jump);
    step.of(R"({"t":1})");
    EXPECT_EQ(step.chain().due(), end);
    step.clock().advance(seconds(6));
    step.run();
    // Both windows end when they would have ended, and say at which time they began.
    const std::int64_t moved = std::chrono::seconds(jump).count();
    Bodies both{result(0, 1), result(moved, 1)};
    if (moved < 0) std::ranges::reverse(both);
    EXPECT_EQ(step.bodies(), both);
    EXPECT_EQ(step.chain().due(), std::nullopt);
    // And back again.
    step.of(R"({"t":1})");
    step.clock().set_wall(step.clock().now() - jump);
    step.of(R"({"t":1})");
    step.clock().advance(seconds(10));
    step.run();
    EXPECT_EQ(counted(step), 2);
    EXPECT_EQ(step.chain().due(), std::nullopt);
  }
}

TEST(WindowByEventTime, EndsWhenTimeHasGoneOnByItsGrace) {
  Running step = window(by_event());
  step.clock().advance(hours(1));  // the events are an hour old
  EXPECT_EQ(step.of(event(9)), Bodies{});
  EXPECT_EQ(step.of(event(11)), Bodies{});
  EXPECT_EQ(step.of(event(1)), Bodies{});  // within grace
  EXPECT_EQ(step.of(event(12)), Bodies{result(0, 2)});
  step.add(event(22));
  step.add(event(32));
  step.run();
  EXPECT_EQ(step.bodies(), (Bodies{result(10, 2), result(20, 1)}));
}

TEST(WindowByEventTime, EndsEvenIfNothingMoreComes) {
  Running step = window(by_event());
  const Instant start = step.clock().elapsed();
  step.of(event(9));
  EXPECT_EQ(step.chain().due(), start + seconds(12));
  step.clock().advance(seconds(12));
  step.run();
  EXPECT_EQ(step.bodies(), Bodies{result(0, 1)});
}

TEST(WindowByEventTime, DoesWithLateRecordsAsItIsTold) {
  Running emit = window(by_event(Late::Emit));
  Running drop = window(by_event(Late::Drop));
  Running dead = window(by_event(Late::DeadLetter));
  for (Running* step : {&emit, &drop, &dead}) {
    step->clock().advance(hours(1));
    step->of(event(5));
    EXPECT_EQ(step->of(event(30)), Bodies{result(0, 1)});
  }
  EXPECT_EQ(emit.of(event(6)), Bodies{});
  emit.clock().advance(seconds(12));
  emit.run();
  EXPECT_EQ(emit.bodies(), (Bodies{result(0, 1, true), result(30, 1)}));
  EXPECT_EQ(drop.of(event(6)), Bodies{});
  EXPECT_EQ(drop.filtered, 1U);
  EXPECT_EQ(dead.of(event(6)), Bodies{event(6)});
  EXPECT_EQ(dead.came()[0].error, "late");
  EXPECT_EQ(dead.came()[0].failed_step, "window");
}

TEST(WindowByEventTime, IsNotMovedByTimesThatCannotBe) {
  Running step = window(by_event(Late::Drop));
  step.clock().advance(seconds(5));
  const std::int64_t century = 3'155'760'000;
  EXPECT_EQ(step.of(event(1)), Bodies{});
  EXPECT_EQ(step.of(event(century)), Bodies{});  // the future ends no window
  EXPECT_EQ(step.of(event(2)), Bodies{});        // and makes nothing late
  step.clock().advance(seconds(12));
  step.run();
  EXPECT_EQ(step.bodies(), (Bodies{result(0, 2), result(century, 1)}));
  EXPECT_EQ(step.chain().due(), std::nullopt);
  EXPECT_EQ(step.of(R"({"t":1,"at":-30000000000})"), Bodies{});  // the year 1019
  EXPECT_EQ(step.filtered, 1U);
}

TEST(WindowByEventTime, RecoversFromAWallClockThatWasWrong) {
  for (const hours jump : {hours(-24), hours(24 * 3650)}) {
    Running step = window(by_event(Late::Drop));
    step.clock().set_wall(step.clock().now() + jump);
    step.of(event(jump / seconds(1)));  // somebody believes the clock
    step.clock().set_wall(step.clock().now() - jump);
    step.clock().advance(seconds(20));
    step.run();
    EXPECT_EQ(counted(step), 1);
    EXPECT_EQ(step.of(event(20)), Bodies{});
    EXPECT_EQ(step.filtered, 0U);
    step.clock().advance(seconds(12));
    step.run();
    EXPECT_EQ(step.bodies(), Bodies{result(20, 1)});
  }
}

TEST(WindowByEventTime, AClockThatStandsStillKeepsNothingOpen) {
  Running step = window(by_event());
  int all = 0;
  for (int i = 0; i < 60; ++i) {
    step.of(event(5));
    all += counted(step);
    step.clock().advance(seconds(1));
  }
  EXPECT_GE(all, 48);
}

TEST(WindowByEventTime, ReadsTimesAsDevicesWriteThem) {
  const Timestamp expected(milliseconds(1'763'692'805'250));
  for (const char* json :
       {"1763692805.25", "1763692805250", "1763692805250000", "1763692805250000000",
        "\"2025-11-21T02:40:05.25Z\"", "\"2025-11-21 02:40:05.250\"",
        "\"2025-11-21T04:10:05.250999+01:30\"", "\"2025-11-20T20:40:05,25-0600\""}) {
    EXPECT_EQ(event_time(json), expected) << json;
  }
  for (const char* json :
       {"null", "\"\"", "\"2025-11-21\"", "\"2025-13-21T02:40:05Z\"", "\"2025-02-30T02:40:05Z\"",
        "\"2025-11-21T24:40:05Z\"", "\"2025-11-21T02:40:05Z \"", "\"2025-11-21T02:40:05.Z\"",
        "\"2025-11-21T02:40:-5Z\"", "1e40", "-6.3e13", "\"1763692805\"", "[1]"}) {
    EXPECT_EQ(event_time(json), std::nullopt) << json;
  }
}

TEST(Window, GivesTheResultOfAGroupEarlyIfThereAreTooMany) {
  Running step = window({.every = seconds(10), .fields = {{"t", {A::Count}}}, .max_groups = 2});
  step.add(R"({"t":1})", "a");
  step.add(R"({"t":1})", "b");
  step.add(R"({"t":1})", "a");
  step.add(R"({"t":1})", "c");
  step.add(R"({"t":1})", "b");
  step.run();
  EXPECT_EQ(step.bodies(), (Bodies{result(0, 1), result(0, 2)}));  // b, then a
  EXPECT_EQ(step.came()[0].topic, "b");
  step.clock().advance(seconds(10));
  step.run();
  EXPECT_EQ(step.bodies(), (Bodies{result(0, 1), result(0, 1)}));
}

TEST(Window, PutsOutWhatWasOpenIfItsOptionsHaveChanged) {
  Running before = window({.every = seconds(10), .by = {"d"}, .fields = {{"t", {A::Sum, A::P50}}}});
  before.of(R"({"d":7,"t":3})");
  const std::string saved = before.chain().state()->save();
  Running after = window({.every = seconds(60), .fields = {{"u", {A::Max}}}});
  ASSERT_TRUE(after.chain().state()->restore(saved));
  EXPECT_EQ(after.chain().state()->save(), saved);
  EXPECT_LE(after.chain().due(), after.clock().elapsed());
  after.run();
  EXPECT_EQ(after.bodies(),
            Bodies{R"({"d":7,"window_start":1763692800000,"window_end":1763692810000,)"
                   R"("t_sum":3,"t_p50":3})"});
  EXPECT_TRUE(after.chain().state()->changed());
  EXPECT_EQ(after.chain().state()->save(), "");
  EXPECT_EQ(after.chain().due(), std::nullopt);
}

TEST(Window, RefusesOptionsThatMakeNoSense) {
  const std::vector<WindowOptions::Field> fields{{"t", {A::Min}}};
  EXPECT_TRUE(make_window({.every = seconds(1), .fields = fields}));
  EXPECT_FALSE(make_window({.fields = fields}));
  EXPECT_FALSE(make_window({.every = seconds(2), .size = seconds(1), .fields = fields}));
  EXPECT_FALSE(make_window({.every = seconds(1), .size = seconds(65), .fields = fields}));
  EXPECT_FALSE(make_window({.every = seconds(1), .fields = {}}));
  EXPECT_FALSE(make_window({.every = seconds(1), .fields = {{"t", {}}}}));
  EXPECT_FALSE(make_window({.every = seconds(1), .by = {"t_min"}, .fields = fields}));
  EXPECT_FALSE(make_window({.every = seconds(1), .by = {"late"}, .fields = fields}));
  EXPECT_FALSE(make_window({.every = seconds(1), .fields = {{"t", {A::Min, A::Min}}}}));
  EXPECT_FALSE(make_window({.every = seconds(1), .fields = fields, .grace = seconds(-1)}));
  EXPECT_FALSE(make_window({.every = seconds(1), .fields = fields, .max_groups = 0}));
}

TEST(Aggregation, HasNames) {
  for (const char* name :
       {"min", "max", "avg", "sum", "count", "first", "last", "stddev", "p50", "p95"}) {
    ASSERT_TRUE(aggregation(name)) << name;
    EXPECT_EQ(name_of(*aggregation(name)), name);
  }
  EXPECT_EQ(aggregation("median"), std::nullopt);
}

double exact(std::vector<double> numbers, double part) {
  std::ranges::sort(numbers);
  const auto rank = std::ceil(part * static_cast<double>(numbers.size()));
  return numbers[static_cast<std::size_t>(rank) - 1];
}

TEST(Quantiles, AreOffByOnePercentAtMost) {
  std::mt19937 random(5);
  std::normal_distribution<double> around_twenty(20, 5);
  std::normal_distribution<double> around_zero(0, 1);
  std::lognormal_distribution<double> skewed(3, 0.5);
  const std::vector<std::function<double()>> kinds{
      [&] { return around_twenty(random); }, [&] { return skewed(random); },
      [&] { return std::round(around_zero(random) * 50); }, [] { return 7.0; },
      [&] { return -skewed(random); }};
  for (const auto& next : kinds) {
    Quantiles quantiles;
    std::vector<double> numbers;
    for (int i = 0; i < 10'000; ++i) {
      numbers.push_back(next());
      quantiles.add(numbers.back());
    }
    for (const double part : {0.05, 0.5, 0.95, 0.99, 1.0}) {
      const double right = exact(numbers, part);
      EXPECT_NEAR(quantiles.at(part), right, std::abs(right) * (Quantiles::kError + 1e-9)) << part;
    }
  }
}

TEST(Quantiles, StaySmallWhateverComes) {
  Quantiles quantiles;
  std::vector<double> numbers;
  std::mt19937 random(6);
  std::uniform_real_distribution<double> exponent(-307, 307);
  for (int i = 0; i < 10'000; ++i) {
    numbers.push_back(std::pow(10, exponent(random)) * (i % 2 == 0 ? 1 : -1));
    quantiles.add(numbers.back());
  }
  // Less exact, but still of the right rank.
  for (const double part : {0.1, 0.25, 0.5, 0.75, 0.9}) {
    EXPECT_GE(quantiles.at(part), exact(numbers, part - 0.02)) << part;
    EXPECT_LE(quantiles.at(part), exact(numbers, part + 0.02)) << part;
  }
  quantiles.add(0);
  quantiles.add(std::numeric_limits<double>::max());
  quantiles.add(std::numeric_limits<double>::denorm_min());
  StateWriter writer("test");
  quantiles.save(writer);
  EXPECT_LT(writer.finish().size(), 256U * 8U);
}

}  // namespace
}  // namespace sluice
