// Time that passes only when a test says so: a day in a moment, the same every time.
#pragma once

#include "tests/support/fake_clock.h"
#include "uplink/timekeeper.h"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace sluice::uplink_tests {

// Local time is UTC. One thread.
class SimulatedTime {
 public:
  // 2025-11-21 12:00 UTC
  static constexpr Timestamp kNoon{std::chrono::milliseconds(1'763'726'400'000)};

  std::unique_ptr<Timekeeper> keeper() { return std::make_unique<Keeper>(*this); }
  testing_support::FakeClock& clock() { return clock_; }

  // Lets so much time pass. What becomes ready in between runs at its moment, and everything that
  // follows from it without time.
  void pass(boost::asio::io_context& io, std::chrono::milliseconds time) {
    const Instant end = clock_.elapsed() + time;
    run(io);
    for (auto next = earliest(); next && (*next)->due <= end; next = earliest()) {
      move_to((*next)->due);
      (*next)->armed = false;
      std::exchange((*next)->then, nullptr)();
      run(io);
    }
    move_to(end);
  }

 private:
  struct Waiting {
    Instant due;
    bool armed = false;
    std::function<void()> then;
  };

  class SimulatedAlarm final : public Alarm {
   public:
    SimulatedAlarm(SimulatedTime& time, std::shared_ptr<Waiting> waiting)
        : time_(time), waiting_(std::move(waiting)) {}
    ~SimulatedAlarm() override { std::erase(time_.alarms_, waiting_); }
    SimulatedAlarm(const SimulatedAlarm&) = delete;
    SimulatedAlarm& operator=(const SimulatedAlarm&) = delete;

    void set(std::chrono::milliseconds time, std::function<void()> then) override {
      *waiting_ = {time_.clock_.elapsed() + time, true, std::move(then)};
    }
    void cancel() override { *waiting_ = {}; }

   private:
    SimulatedTime& time_;
    std::shared_ptr<Waiting> waiting_;
  };

  class Keeper final : public Timekeeper {
   public:
    explicit Keeper(SimulatedTime& time) : time_(time) {}

    [[nodiscard]] const Clock& clock() const override { return time_.clock_; }
    [[nodiscard]] LocalTime local(Timestamp moment) const override {
      const auto day = std::chrono::floor<std::chrono::days>(moment);
      const std::chrono::year_month_day date(day);
      const auto year = static_cast<std::int32_t>(static_cast<int>(date.year()));
      const auto month = static_cast<std::int32_t>(static_cast<unsigned>(date.month()));
      const auto of_month = static_cast<std::int32_t>(static_cast<unsigned>(date.day()));
      return {.date = (year * 100 + month) * 100 + of_month,
              .of_day = std::chrono::floor<std::chrono::minutes>(moment - day)};
    }
    std::unique_ptr<Alarm> make_alarm() override {
      auto waiting = std::make_shared<Waiting>();
      time_.alarms_.push_back(waiting);
      return std::make_unique<SimulatedAlarm>(time_, waiting);
    }

   private:
    SimulatedTime& time_;
  };

  static void run(boost::asio::io_context& io) {
    io.restart();
    io.poll();
  }

  std::optional<std::shared_ptr<Waiting>> earliest() {
    std::optional<std::shared_ptr<Waiting>> first;
    for (const auto& each : alarms_) {
      if (each->armed && (!first || each->due < (*first)->due)) {
        first = each;
      }
    }
    return first;
  }

  void move_to(Instant moment) {
    clock_.advance(std::chrono::ceil<std::chrono::milliseconds>(
        std::max(Instant::duration(0), moment - clock_.elapsed())));
  }

  testing_support::FakeClock clock_{kNoon};
  std::vector<std::shared_ptr<Waiting>> alarms_;
};

}  // namespace sluice::uplink_tests
