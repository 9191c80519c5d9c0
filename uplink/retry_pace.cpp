#include "uplink/retry_pace.h"

#include <algorithm>
#include <cassert>

namespace sluice {

std::chrono::milliseconds RetryPace::after(const Answer& answer) {
  if (answer.retry_after) {
    backoff_.reset();
    return std::min(*answer.retry_after, kLongestWish) + backoff_.next();
  }
  switch (answer.verdict) {
    case Verdict::Retry:
    case Verdict::Throttled:
      return backoff_.next();
    case Verdict::Misconfigured:
    case Verdict::TooLarge:
    case Verdict::Refused:
    case Verdict::Partial:
    case Verdict::BadEncoding:
      return options_.max;
    case Verdict::Confirmed:
      break;
  }
  assert(false && "a confirmed block is not tried again");
  return options_.max;
}

}  // namespace sluice
