// Time as the dispatcher sees it: what it is, and being woken when some of it has passed.
#pragma once

#include "core/clock.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace sluice {

// Used on the uplink's thread only.
class Alarm {
 public:
  virtual ~Alarm() = default;

  // `then` is called once after `time`, from the thread's loop, unless set() or cancel() comes
  // first or the alarm goes away.
  virtual void set(std::chrono::milliseconds time, std::function<void()> then) = 0;
  virtual void cancel() = 0;
};

// A moment as a calendar on the wall shows it.
struct LocalTime {
  std::int32_t date = 0;           // 20251121
  std::chrono::minutes of_day{0};  // since midnight
};

// Outlives its alarms.
class Timekeeper {
 public:
  virtual ~Timekeeper() = default;

  [[nodiscard]] virtual const Clock& clock() const = 0;
  [[nodiscard]] virtual LocalTime local(Timestamp moment) const = 0;
  virtual std::unique_ptr<Alarm> make_alarm() = 0;
};

// The real one.
std::unique_ptr<Timekeeper> make_timekeeper(boost::asio::io_context& io);

}  // namespace sluice
