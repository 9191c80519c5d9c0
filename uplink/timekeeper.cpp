#include "uplink/timekeeper.h"

#include <boost/asio/steady_timer.hpp>

#include <ctime>
#include <utility>

namespace sluice {

namespace {

class TimerAlarm final : public Alarm {
 public:
  explicit TimerAlarm(boost::asio::io_context& io) : timer_(io) {}

  void set(std::chrono::milliseconds time, std::function<void()> then) override {
    timer_.expires_after(time);
    // A timer that has fired and then is set again or cancelled before its handler has run cannot
    // take it back: the number can.
    timer_.async_wait([number = ++*last_, last = std::weak_ptr(last_),
                       then = std::move(then)](const boost::system::error_code& cancelled) {
      const auto current = last.lock();
      if (!cancelled && current && *current == number) {
        then();
      }
    });
  }

  void cancel() override {
    ++*last_;
    timer_.cancel();
  }

 private:
  std::shared_ptr<std::uint64_t> last_ = std::make_shared<std::uint64_t>(0);
  boost::asio::steady_timer timer_;
};

class SystemTimekeeper final : public Timekeeper {
 public:
  explicit SystemTimekeeper(boost::asio::io_context& io) : io_(io) {}

  [[nodiscard]] const Clock& clock() const override { return clock_; }

  [[nodiscard]] LocalTime local(Timestamp moment) const override {
    const std::time_t seconds =
        std::chrono::floor<std::chrono::seconds>(moment).time_since_epoch().count();
    std::tm parts{};
    localtime_r(&seconds, &parts);
    constexpr std::int32_t kFirstYear = 1900;
    return {.date = ((parts.tm_year + kFirstYear) * 100 + parts.tm_mon + 1) * 100 + parts.tm_mday,
            .of_day = std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min)};
  }

  std::unique_ptr<Alarm> make_alarm() override { return std::make_unique<TimerAlarm>(io_); }

 private:
  boost::asio::io_context& io_;
  SystemClock clock_;
};

}  // namespace

std::unique_ptr<Timekeeper> make_timekeeper(boost::asio::io_context& io) {
  return std::make_unique<SystemTimekeeper>(io);
}

}  // namespace sluice
