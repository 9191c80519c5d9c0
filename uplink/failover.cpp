#include "uplink/failover.h"

#include <algorithm>

namespace sluice {

namespace {

constexpr int kMostFailures = 3;
constexpr int kLongestWait = 16;

}  // namespace

bool Failover::failed(Instant now, bool for_long) {
  ++failures_;
  if (urls_ < 2 || (failures_ < kMostFailures && !for_long)) {
    return false;
  }
  current_ = (current_ + 1) % urls_;
  failures_ = 0;
  since_ = now;
  return true;
}

bool Failover::should_try_first(Instant now) const {
  return current_ != 0 && now - since_ >= wait_;
}

void Failover::first_failed(Instant now) {
  since_ = now;
  wait_ = std::min(wait_ * 2, failback_after_ * kLongestWait);
}

void Failover::first_worked() {
  current_ = 0;
  failures_ = 0;
  wait_ = failback_after_;
}

}  // namespace sluice
