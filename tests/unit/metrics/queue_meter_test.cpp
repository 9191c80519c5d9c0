// The figures of a queue, with the values that the formulas in queue_meter.h give.
#include "metrics/queue_meter.h"

#include "tests/support/fake_clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr double kNever = std::numeric_limits<double>::infinity();

// Changes a reading by the same amounts every second, and looks.
class QueueMeterTest : public testing::Test {
 protected:
  QueueMeterTest() { reading_.services.resize(1); }

  void look() { meter_.look(clock_.elapsed(), reading_); }

  struct Second {
    std::uint64_t arrived = 0;
    std::uint64_t served = 0;
    std::chrono::milliseconds busy{0};
  };
  void pass(int seconds, const Second& each) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(1s);
      reading_.arrived += each.arrived;
      reading_.held += each.arrived;
      reading_.held -= each.served;
      reading_.services[0].served += each.served;
      reading_.services[0].busy += each.busy;
      look();
    }
  }

  testing_support::FakeClock clock_;
  QueueReading reading_;
  QueueMeter meter_;
};

TEST_F(QueueMeterTest, KnowsNothingBeforeItHasLookedTwice) {
  EXPECT_EQ(meter_.figures().held, 0U);
  reading_.held = 7;
  look();
  const QueueFigures figures = meter_.figures();
  EXPECT_EQ(figures.held, 7U);
  EXPECT_EQ(figures.arrival_rate, 0);
  EXPECT_EQ(figures.slowest.service_rate, std::nullopt);
  EXPECT_EQ(figures.slowest.time_in_system, std::nullopt);
  EXPECT_EQ(figures.little_time, std::nullopt);
  EXPECT_EQ(figures.time_to_full, std::nullopt);
}

TEST_F(QueueMeterTest, TellsWhenAFlowIsFullThatFillsAtTwiceItsServiceRate) {
  look();
  reading_.stored_records = 400;
  reading_.stored_bytes = 8'000;
  reading_.free_bytes = 30'000;
  pass(10, {.arrived = 100, .served = 50, .busy = 1s});
  const QueueFigures figures = meter_.figures();
  EXPECT_DOUBLE_EQ(figures.arrival_rate, 100);
  EXPECT_EQ(figures.slowest.service_rate, 50);
  EXPECT_EQ(figures.slowest.utilization, 2);
  EXPECT_EQ(figures.held, 500U);
  EXPECT_DOUBLE_EQ(figures.mean_held, 250);
  EXPECT_EQ(figures.little_time, 2.5);
  EXPECT_EQ(figures.time_to_full, 30) << "30,000 bytes at 50 records of 20 bytes a second";
  EXPECT_EQ(figures.time_to_drain, kNever);
}

TEST_F(QueueMeterTest, TellsWhenAFlowIsEmptyThatIsServedFasterThanItFills) {
  reading_.held = 3'000;
  look();
  pass(10, {.arrived = 100, .served = 250, .busy = 1s});
  const QueueFigures figures = meter_.figures();
  EXPECT_EQ(figures.slowest.service_rate, 250);
  EXPECT_EQ(figures.slowest.utilization, 0.4);
  EXPECT_EQ(figures.held, 1'500U);
  EXPECT_DOUBLE_EQ(figures.mean_held, 2'250);
  EXPECT_EQ(figures.time_to_drain, 10) << "1,500 records at 150 a second";
  EXPECT_EQ(figures.time_to_full, kNever);
}

TEST_F(QueueMeterTest, MeasuresTheRateOfServiceWhileThereIsSomethingToDo) {
  reading_.held = 30;
  look();
  pass(20, {.arrived = 100, .served = 100, .busy = 250ms});
  const QueueFigures figures = meter_.figures();
  EXPECT_EQ(figures.slowest.service_rate, 400);
  EXPECT_EQ(figures.slowest.utilization, 0.25) << "the part of the time for which it is busy";
  EXPECT_EQ(figures.little_time, 0.3);
  EXPECT_EQ(figures.time_to_drain, 0.1);
}

TEST_F(QueueMeterTest, ASinkThatIsAwayServesNothingForEver) {
  look();
  reading_.stored_records = 1;
  reading_.stored_bytes = 10;
  reading_.free_bytes = 5'000;
  pass(5, {.arrived = 100, .served = 0, .busy = 1s});
  const QueueFigures figures = meter_.figures();
  EXPECT_EQ(figures.slowest.service_rate, 0);
  EXPECT_EQ(figures.slowest.utilization, kNever);
  EXPECT_EQ(figures.time_to_full, 5);
  EXPECT_EQ(figures.time_to_drain, kNever);
}

TEST_F(QueueMeterTest, AFlowWithNothingToDoIsNeitherFillingNorDraining) {
  look();
  pass(5, {});
  const QueueFigures figures = meter_.figures();
  EXPECT_EQ(figures.arrival_rate, 0);
  EXPECT_EQ(figures.slowest.service_rate, std::nullopt);
  EXPECT_EQ(figures.slowest.utilization, std::nullopt);
  EXPECT_EQ(figures.little_time, std::nullopt);
  EXPECT_EQ(figures.time_to_full, kNever);
  EXPECT_EQ(figures.time_to_drain, 0);
}

TEST_F(QueueMeterTest, ForgetsWhatIsOlderThanTheWindow) {
  look();
  pass(120, {.arrived = 100, .served = 100, .busy = 1s});
  pass(59, {.arrived = 300, .served = 200, .busy = 1s});
  EXPECT_LT(meter_.figures().arrival_rate, 300);
  pass(1, {.arrived = 300, .served = 200, .busy = 1s});
  EXPECT_DOUBLE_EQ(meter_.figures().arrival_rate, 300);
  EXPECT_EQ(meter_.figures().slowest.service_rate, 200);
  EXPECT_DOUBLE_EQ(meter_.figures().mean_held, 3'000);
  pass(4, {.arrived = 300, .served = 200, .busy = 1s});
  EXPECT_DOUBLE_EQ(meter_.figures().arrival_rate, 300);
}

TEST_F(QueueMeterTest, MeasuresTheTimeInTheSystemOfTheRecordsInTheWindow) {
  reading_.services[0].timed = 1'000;
  reading_.services[0].seconds = 9'000;
  look();
  clock_.advance(1s);
  reading_.services[0].timed += 10;
  reading_.services[0].seconds += 25;
  look();
  EXPECT_EQ(meter_.figures().slowest.time_in_system, 2.5);
}

TEST_F(QueueMeterTest, TheSlowestSinkDecidesForTheFlow) {
  reading_.services.resize(3);
  look();
  clock_.advance(2s);
  reading_.arrived = 200;
  reading_.services[0] = {.served = 200, .busy = 1s, .timed = 200, .seconds = 800};
  reading_.services[1] = {.served = 100, .busy = 2s, .timed = 100, .seconds = 100};
  look();
  const QueueFigures figures = meter_.figures();
  ASSERT_EQ(figures.services.size(), 3U);
  EXPECT_EQ(figures.services[0].service_rate, 200);
  EXPECT_EQ(figures.services[0].time_in_system, 4);
  EXPECT_EQ(figures.services[1].service_rate, 50);
  EXPECT_EQ(figures.services[1].utilization, 2);
  EXPECT_EQ(figures.services[2].service_rate, std::nullopt);
  EXPECT_EQ(figures.slowest.service_rate, 50);
  EXPECT_EQ(figures.slowest.utilization, 2);
  EXPECT_EQ(figures.slowest.time_in_system, 4);
}

}  // namespace
}  // namespace sluice
