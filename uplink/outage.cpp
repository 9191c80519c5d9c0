#include "uplink/outage.h"

#include <spdlog/spdlog.h>

#include <string_view>
#include <utility>

namespace sluice {

namespace {

// A log line is not the place for a page of HTML.
constexpr std::size_t kMostWords = 300;

struct Meaning {
  const char* words;
  bool needs_someone;  // will not get better by itself
};

Meaning meaning_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::Confirmed:
      break;
    case Verdict::Retry:
      return {"cannot deliver, will retry", false};
    case Verdict::Throttled:
      return {"the destination asks for a pause", false};
    case Verdict::Misconfigured:
      return {"the destination does not let us in, check address and credentials, will retry",
              true};
    case Verdict::TooLarge:
      return {"the destination finds every record of the flow too large, kept, will retry", true};
    case Verdict::Refused:
      return {"the destination refuses every record of the flow, kept, will retry", true};
    case Verdict::Partial:
      return {"the destination takes no record of the flow completely, kept, will retry", true};
    case Verdict::BadEncoding:
      return {"the destination understands no compression, not even none, kept, will retry", true};
  }
  return {"confirmed", false};
}

}  // namespace

void Outage::failed(const Answer& answer, const std::string& block,
                    std::chrono::milliseconds wait) {
  ++attempts_;
  if (!logged_.insert(answer.verdict).second) {
    return;
  }
  const Meaning meaning = meaning_of(answer.verdict);
  spdlog::default_logger()->log(meaning.needs_someone ? spdlog::level::err : spdlog::level::warn,
                                "{} {} {} wait_ms={} answer=\"{}\"", meaning.words, who_, block,
                                wait.count(),
                                std::string_view(answer.detail).substr(0, kMostWords));
}

void Outage::over() {
  if (attempts_ > 0) {
    spdlog::default_logger()->info("the failure is over {} failed_attempts={}", who_, attempts_);
  }
  logged_.clear();
  attempts_ = 0;
}

}  // namespace sluice
