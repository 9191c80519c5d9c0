#include "uplink/dispatcher_counts.h"

namespace sluice {

std::string_view word_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Confirmed:
      return "confirmed";
    case Verdict::Retry:
      return "retry";
    case Verdict::Throttled:
      return "throttled";
    case Verdict::Misconfigured:
      return "misconfigured";
    case Verdict::TooLarge:
      return "too_large";
    case Verdict::Refused:
      return "refused";
    case Verdict::Partial:
      return "partial";
    case Verdict::BadEncoding:
      return "bad_encoding";
  }
  return "";
}

std::string_view word_of(BreakerState state) {
  switch (state) {
    case BreakerState::Closed:
      return "closed";
    case BreakerState::Open:
      return "open";
    case BreakerState::HalfOpen:
      return "half_open";
  }
  return "";
}

std::string_view word_of(Hold hold) {
  switch (hold) {
    case Hold::None:
      return "none";
    case Hold::Startup:
      return "startup";
    case Hold::Retry:
      return "retry";
    case Hold::RateLimit:
      return "rate_limit";
    case Hold::Schedule:
      return "schedule";
    case Hold::DailyLimit:
      return "daily_limit";
    case Hold::MonthlyLimit:
      return "monthly_limit";
    case Hold::Batch:
      return "batch";
  }
  return "";
}

}  // namespace sluice
