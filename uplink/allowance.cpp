#include "uplink/allowance.h"

#include <algorithm>

namespace sluice {

namespace {

// The clock on the wall may be set, so what depends on it is looked at again with every minute.
std::chrono::milliseconds until_next_minute(Timestamp now) {
  return std::chrono::ceil<std::chrono::minutes>(now + std::chrono::milliseconds(1)) - now;
}

}  // namespace

bool is_open(const DailyWindow& window, std::chrono::minutes of_day) {
  if (window.from == window.to) {
    return true;
  }
  if (window.from < window.to) {
    return of_day >= window.from && of_day < window.to;
  }
  return of_day >= window.from || of_day < window.to;
}

Allowance::Allowance(const RateLimitOptions& options, const std::string& sink, StateStore& state,
                     const Timekeeper& time)
    : options_(options), key_("sink/" + sink + "/sent"), state_(state), time_(time) {
  if (options.bytes_per_second > 0) {
    bucket_.emplace(options.bytes_per_second, options.burst, time.clock().elapsed());
  }
  if (counts()) {
    quota_ = Quota(state.load(key_).value_or(""));
    quota_.see(time.local(time.clock().now()).date);
  }
}

Wait Allowance::wait() {
  if (options_.schedule || counts()) {
    const Timestamp moment = time_.clock().now();
    const LocalTime now = time_.local(moment);
    quota_.see(now.date);
    if (options_.monthly > 0 && quota_.this_month() >= options_.monthly) {
      return {Hold::MonthlyLimit, until_next_minute(moment)};
    }
    if (options_.daily > 0 && quota_.today() >= options_.daily) {
      return {Hold::DailyLimit, until_next_minute(moment)};
    }
    if (options_.schedule && !is_open(*options_.schedule, now.of_day)) {
      return {Hold::Schedule, until_next_minute(moment)};
    }
  }
  const auto time = bucket_ ? bucket_->wait(time_.clock().elapsed()) : std::chrono::milliseconds(0);
  return time.count() > 0 ? Wait{Hold::RateLimit, time} : Wait{};
}

void Allowance::spend(std::uint64_t bytes) {
  if (bucket_) {
    bucket_->spend(bytes, time_.clock().elapsed());
  }
  if (counts()) {
    quota_.see(time_.local(time_.clock().now()).date);
    quota_.add(bytes);
    state_.put({.key = key_, .value = quota_.text()});
  }
}

}  // namespace sluice
