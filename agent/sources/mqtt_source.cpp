#include "sources/mqtt_source.h"

#include "core/buffer.h"
#include "core/mutex.h"
#include "sources/acknowledgements.h"
#include "sources/broker_link.h"
#include "sources/mqtt_session.h"
#include "sources/subscriptions.h"

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {

namespace {

Status check(const MqttSourceOptions& options) {
  constexpr std::array<std::string_view, 4> kSchemes{"mqtt", "mqtts", "ws", "wss"};
  const auto rejected = [&](const std::string& why) {
    return Error{Reaction::Reject, "source " + options.name + ": " + why};
  };
  if (std::ranges::find(kSchemes, options.url.scheme) == kSchemes.end()) {
    return rejected("the scheme of the URL must be mqtt, mqtts, ws or wss");
  }
  if (options.client_id.empty()) {
    return rejected("client_id is empty, but the broker keeps the session under this name");
  }
  if (options.topics.empty()) {
    return rejected("no topics");
  }
  for (const std::string& filter : options.topics) {
    const Status valid = check_filter(filter);
    if (!valid) {
      return rejected(valid.error().message);
    }
  }
  if (options.qos < 0 || options.qos > 2) {
    return rejected("qos must be 0, 1 or 2");
  }
  constexpr std::chrono::seconds kLongest{65535};
  if (options.keep_alive.count() < 0 || options.keep_alive > kLongest) {
    return rejected("keep_alive must be between 0 and 65535 s");
  }
  if (options.receive_maximum == 0) {
    return rejected("receive_maximum must not be 0");
  }
  return {};
}

// Packet ids mean something in the session of their own client id only.
std::string saved_packet_ids(const MqttSourceOptions& options, const StateStore& state) {
  const Subscriptions session(options.topics, options.client_id,
                              state.load(mqtt_filters_key(options.name)).value_or(""));
  const bool other_session = !session.former_client_id().empty();
  return other_session ? std::string() : state.load(mqtt_state_key(options.name)).value_or("");
}

class MqttSource final : public Source {
 public:
  MqttSource(MqttSourceOptions options, StateStore& state, const Clock& clock)
      : options_(std::move(options)),
        state_(state),
        clock_(clock),
        acknowledgements_(saved_packet_ids(options_, state)) {}

  Status run(Inlet& inlet, std::stop_token stop) override;
  void settled(Ticket last) override;
  void resume() override;
  [[nodiscard]] std::string state_at(Ticket last) const override {
    return acknowledgements_.state_at(last);
  }
  [[nodiscard]] SourceCounts counts() const override;

 private:
  void use_link(BrokerLink* link);
  [[nodiscard]] BrokerLinkCounts link_counts() const;

  const MqttSourceOptions options_;
  StateStore& state_;
  const Clock& clock_;
  Acknowledgements acknowledgements_;
  MqttSourceCounters counters_;
  mutable Mutex mutex_;
  BrokerLink* link_ SLUICE_GUARDED_BY(mutex_) = nullptr;    // while run() has one
  BrokerLinkCounts last_counts_ SLUICE_GUARDED_BY(mutex_);  // after that
};

Status MqttSource::run(Inlet& inlet, std::stop_token stop) {
  Status valid = check(options_);
  if (!valid) {
    return valid;
  }
  boost::asio::io_context io(1);
  MqttSession session(io, options_, inlet, acknowledgements_, state_, clock_, counters_);
  use_link(&session.link());
  {
    // Keeps io.run() from returning while nothing is under way.
    const auto work =
        boost::asio::require(io.get_executor(), boost::asio::execution::outstanding_work.tracked);
    const std::stop_callback on_stop(
        stop, [&] { boost::asio::post(io, [&session] { session.stop(); }); });
    boost::asio::post(io, [&session] { session.start(); });
    io.run();
  }
  // The last bytes are with the system, but a connection that is closed with something unread in it
  // may take them along: the link reads until the broker has closed, too.
  constexpr std::chrono::milliseconds kFarewell{500};
  io.restart();
  io.run_for(kFarewell);
  use_link(nullptr);
  return {};
}

void MqttSource::use_link(BrokerLink* link) {
  const MutexLock lock(mutex_);
  if (link_ != nullptr) {
    last_counts_ = link_->counts();
  }
  link_ = link;
  if (link_ != nullptr) {
    link_->settled(Ticket{counters_.settled.load(std::memory_order_relaxed)});
  }
}

// The lock keeps the link alive during the call, which only posts to the link's thread.
void MqttSource::settled(Ticket last) {
  const MutexLock lock(mutex_);
  counters_.settled.store(number(last), std::memory_order_relaxed);
  if (link_ != nullptr) {
    link_->settled(last);
  }
}

void MqttSource::resume() {
  const MutexLock lock(mutex_);
  if (link_ != nullptr) {
    link_->resume();
  }
}

BrokerLinkCounts MqttSource::link_counts() const {
  const MutexLock lock(mutex_);
  return link_ != nullptr ? link_->counts() : last_counts_;
}

SourceCounts MqttSource::counts() const {
  const BrokerLinkCounts link = link_counts();
  return {.messages = link.messages,
          .acknowledged = acknowledgements_.sent(),
          .redelivered = acknowledgements_.redelivered(),
          .oversize = link.oversize,
          .connects = counters_.connects.load(std::memory_order_relaxed),
          .turns = link.turns,
          .connected = counters_.connected.load(std::memory_order_relaxed)};
}

}  // namespace

std::string mqtt_state_key(const std::string& source) {
  return "source/" + source + "/qos2";
}

std::string mqtt_filters_key(const std::string& source) {
  return "source/" + source + "/filters";
}

std::unique_ptr<Source> make_mqtt_source(MqttSourceOptions options, StateStore& state,
                                         const Clock& clock) {
  return std::make_unique<MqttSource>(std::move(options), state, clock);
}

}  // namespace sluice
