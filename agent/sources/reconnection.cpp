#include "sources/reconnection.h"

#include "sources/reason_codes.h"

#include <spdlog/spdlog.h>

#include <bit>
#include <utility>

namespace sluice {

namespace {

constexpr std::chrono::seconds kLongLived{30};  // a connection that lived so long was a good one
constexpr int kSuspicious = 3;                  // so many short ones in a row ask for a reason

}  // namespace

Reconnection::Reconnection(const MqttSourceOptions& options, std::string broker)
    : options_(options), broker_(std::move(broker)), backoff_(options.reconnect) {
}

void Reconnection::attempt() {
  connected_at_.reset();
  link_reason_.clear();
  disconnect_code_ = 0;
}

void Reconnection::connected(Instant now, bool session_present) {
  spdlog::info("connected to the broker source={} broker={} session_present={} failed_attempts={}",
               options_.name, broker_, session_present, repetitions_);
  connected_at_ = now;
  last_failure_.clear();
  repetitions_ = 0;
}

void Reconnection::link_says(const std::string& reason) {
  if (link_reason_.empty()) {
    link_reason_ = reason;
  }
}

void Reconnection::broker_says(int disconnect_code) {
  disconnect_code_ = disconnect_code;
}

std::string Reconnection::reason(const std::string& otherwise) const {
  if (disconnect_code_ >= kFirstErrorCode) {
    return broker_disconnect(disconnect_code_);
  }
  std::string reason = link_reason_.empty() ? otherwise : link_reason_;
  // Protocol 3.1.1 cannot say that a session was taken over, and some brokers do not say it in 5.
  if (short_connections_ >= kSuspicious) {
    reason += "; soon after every connect: does another client use the same client id?";
  }
  return reason;
}

// The same failure again and again is logged at growing distances; its end is in the line about the
// connection.
std::chrono::milliseconds Reconnection::failed(const std::string& reason, Instant now) {
  const bool long_lived = connected_at_ && now - *connected_at_ > kLongLived;
  short_connections_ = connected_at_ && !long_lived ? short_connections_ + 1 : 0;
  if (long_lived && disconnect_code_ != kSessionTakenOver) {
    backoff_.reset();  // not after a take-over: two clients would throw each other out for ever
  }
  const std::chrono::milliseconds wait = backoff_.next();
  repetitions_ = reason == last_failure_ ? repetitions_ + 1 : 1;
  last_failure_ = reason;
  const auto level = std::has_single_bit(repetitions_) ? spdlog::level::warn : spdlog::level::debug;
  spdlog::log(level,
              "not connected to the broker, will try again source={} broker={} reason=\"{}\" "
              "attempt={} wait_ms={}",
              options_.name, broker_, reason, repetitions_, wait.count());
  return wait;
}

}  // namespace sluice
