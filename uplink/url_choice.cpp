#include "uplink/url_choice.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace sluice {

namespace {

// It is the destination that fails, whatever the block.
bool concerns_destination(Verdict verdict) {
  return verdict == Verdict::Retry || verdict == Verdict::Throttled ||
         verdict == Verdict::Misconfigured;
}

}  // namespace

UrlChoice::UrlChoice(std::vector<std::string> names, std::chrono::milliseconds failback_after,
                     Reach reach, const Clock& clock)
    : names_(std::move(names)),
      reach_(std::move(reach)),
      clock_(clock),
      failover_(names_.size(), failback_after) {
}

void UrlChoice::begin() {
  trial_ = std::exchange(first_is_back_, false);
  if (!trial_ && !probe_ && failover_.should_try_first(clock_.elapsed())) {
    look_for_first();
  }
}

void UrlChoice::look_for_first() {
  probe_ = reach_();
  if (!probe_) {
    failover_.first_is_away(clock_.elapsed());
    return;
  }
  probe_->open([this](const Status& opened) {
    first_is_back_ = bool(opened);
    if (!opened) {
      failover_.first_is_away(clock_.elapsed());
    }
    std::exchange(probe_, nullptr)->close();
  });
}

bool UrlChoice::settle(Answer& answer) {
  if (trial_ && concerns_destination(answer.verdict)) {
    trial_ = false;
    failover_.first_failed(clock_.elapsed());
    return false;
  }
  if (trial_) {
    trial_ = false;
    failover_.first_worked();
    spdlog::default_logger()->info("the first URL works again url={}", names_.front());
    changed();
    return true;
  }
  const std::size_t before = failover_.current();
  if (answer.verdict != Verdict::Retry) {
    failover_.worked();
  } else if (failover_.failed(clock_.elapsed(), answer.retry_after.has_value())) {
    answer.retry_after.reset();  // it is not the next one's wish
    spdlog::default_logger()->warn("the URL fails, the next one takes over url={} next={}",
                                   names_[before], names_[failover_.current()]);
    changed();
  }
  return true;
}

void UrlChoice::changed() {
  in_use_ = failover_.current();
  ++changes_;
}

void UrlChoice::cancel() {
  if (probe_) {
    std::exchange(probe_, nullptr)->close();
  }
}

}  // namespace sluice
