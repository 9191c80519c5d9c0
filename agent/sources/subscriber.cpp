#include "sources/subscriber.h"

#include "core/buffer.h"
#include "sources/reason_codes.h"

#include <spdlog/spdlog.h>

#include <optional>

namespace sluice {

namespace {

constexpr BackoffOptions kRetryRefused{.initial = std::chrono::milliseconds(1'000),
                                       .max = std::chrono::milliseconds(60'000)};

}  // namespace

Subscriber::Subscriber(boost::asio::io_context& io, const MqttSourceOptions& options,
                       StateStore& state)
    : options_(options),
      state_(state),
      key_(mqtt_filters_key(options.name)),
      saved_(state.load(key_).value_or("")),
      subscriptions_(options.topics, options.client_id, saved_),
      backoff_(kRetryRefused),
      retry_(io) {
  if (!subscriptions_.former_client_id().empty()) {
    spdlog::warn(
        "client id has changed, this is a new session; the broker keeps collecting for the old one "
        "until it expires there source={} client_id=\"{}\" old_client_id=\"{}\"",
        options_.name, options_.client_id, subscriptions_.former_client_id());
  }
}

bool Subscriber::must_skip_retained(bool session_present) const {
  switch (options_.retained) {
    case RetainedPolicy::Keep:
      return false;
    case RetainedPolicy::Skip:
      return true;
    case RetainedPolicy::Once:
      // With one filter that is new the old ones' retained messages come once more: twice is better
      // than never.
      return options_.version == MqttVersion::V311 && session_present &&
             subscriptions_.all_known() && subscriptions_.refused().empty();
  }
  return false;
}

void Subscriber::begin(PahoConnection& connection, bool session_present) {
  connection_ = &connection;
  first_round_ = true;
  backoff_.reset();
  if (!session_present) {
    subscriptions_.session_lost();
  }
  subscriptions_.subscribing();
  save();
  unsubscribe(subscriptions_.obsolete());
  subscribe(subscriptions_.wanted());
}

void Subscriber::end() {
  connection_ = nullptr;
  open_ = 0;
  retry_.cancel();
}

void Subscriber::subscribe(const std::vector<std::string>& filters) {
  open_ += filters.size();
  for (const std::string& filter : filters) {
    const Status sent = connection_->subscribe(filter, options_.qos, options_.retained);
    if (!sent && !connection_->connected()) {
      return;  // its end is about to be reported
    }
    if (!sent) {
      --open_;
      refused(filter, kFirstErrorCode, sent.error().message);
    }
  }
  answered_all();
}

void Subscriber::unsubscribe(const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const Status sent = connection_->unsubscribe(filter);
    if (!sent && connection_->connected()) {
      spdlog::warn(
          "cannot unsubscribe, will try again with the next connection source={} "
          "filter=\"{}\" reason=\"{}\"",
          options_.name, filter, sent.error().message);
    }
  }
}

void Subscriber::on(const paho::Subscribed& answer) {
  if (connection_ == nullptr || answer.code < 0) {
    return;  // the connection ends; the next one starts from the beginning
  }
  --open_;
  if (answer.code >= kFirstErrorCode) {
    refused(answer.filter, answer.code, subscribe_refusal(answer.code));
  } else {
    granted(answer.filter, answer.code);
  }
  answered_all();
}

void Subscriber::granted(const std::string& filter, int qos) {
  const std::optional<int> before = subscriptions_.answered(filter, qos);
  if (before == qos) {
    return;
  }
  if (before.value_or(0) >= kFirstErrorCode) {
    spdlog::info("subscription is accepted now source={} filter=\"{}\" qos={}", options_.name,
                 filter, qos);
  }
  if (qos < options_.qos) {
    spdlog::warn(
        "the broker grants less than was asked for: messages of a higher QoS lose its guarantee on "
        "their way to the agent; raise the broker's limit or lower qos source={} filter=\"{}\" "
        "asked={} granted={}",
        options_.name, filter, options_.qos, qos);
  }
}

void Subscriber::refused(const std::string& filter, int code, const std::string& reason) {
  const auto level =
      subscriptions_.answered(filter, code) == code ? spdlog::level::debug : spdlog::level::warn;
  spdlog::log(level,
              "the broker refuses a subscription, the others deliver, will ask again source={} "
              "filter=\"{}\" reason=\"{}\"",
              options_.name, filter, reason);
}

// The last answer of a round has come: refused filters get another one.
void Subscriber::answered_all() {
  if (open_ > 0) {
    return;
  }
  const std::size_t refused = subscriptions_.refused().size();
  if (std::exchange(first_round_, false)) {
    spdlog::info("subscribed source={} filters={} refused={}", options_.name,
                 subscriptions_.wanted().size() - refused, refused);
  }
  if (refused == 0) {
    return;
  }
  retry_.expires_after(backoff_.next());
  retry_.async_wait([this](const boost::system::error_code& error) {
    if (!error && connection_ != nullptr) {
      subscribe(subscriptions_.refused());
    }
  });
}

void Subscriber::on(const paho::Unsubscribed& answer) {
  if (connection_ == nullptr || answer.code < 0) {
    return;  // asked again with the next connection
  }
  if (answer.code >= kFirstErrorCode) {
    spdlog::warn(
        "the broker refuses to end a subscription that is not in the configuration any more, will "
        "ask again with the next connection source={} filter=\"{}\" code={}",
        options_.name, answer.filter, answer.code);
    return;
  }
  spdlog::info(
      "unsubscribed from a filter that is not in the configuration any more source={} "
      "filter=\"{}\"",
      options_.name, answer.filter);
  subscriptions_.unsubscribed(answer.filter);
  save();
}

void Subscriber::save() {
  std::string state = subscriptions_.state();
  if (state != saved_) {
    state_.put({.key = key_, .value = state});
    saved_ = std::move(state);
  }
}

}  // namespace sluice
