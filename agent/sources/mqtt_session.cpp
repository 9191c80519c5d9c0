#include "sources/mqtt_session.h"

#include "sources/acknowledgements.h"
#include "sources/broker_link.h"
#include "sources/paho_connection.h"
#include "sources/reconnection.h"
#include "sources/session_options.h"
#include "sources/subscriber.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace sluice {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kPahoSlack{10};  // CONNACK may take so much longer than the way to the broker
// Paho looks at its sockets at least once a second: by then it has noticed the end of one.
constexpr seconds kPahoNotices{3};
constexpr milliseconds kLeave{700};     // for the last packets to the broker
constexpr milliseconds kDrainCheck{5};  // how often a stop looks whether everything is settled

}  // namespace

class MqttSession::Machine final : public BrokerLinkListener {
 public:
  Machine(boost::asio::io_context& io, const MqttSourceOptions& options, Inlet& inlet,
          Acknowledgements& acknowledgements, StateStore& state, const Clock& clock,
          MqttSourceCounters& counters)
      : io_(io),
        options_(options),
        inlet_(inlet),
        acknowledgements_(acknowledgements),
        clock_(clock),
        counters_(counters),
        broker_(options.url.scheme + "://" + options.url.authority()),
        keep_alive_(options.keep_alive),
        link_options_(link_options(options)),
        link_(io, link_options_, inlet, acknowledgements, *this, clock),
        subscriber_(io, options, state),
        reconnection_(options, broker_),
        retry_(io),
        watch_(io),
        guard_(io) {}

  BrokerLink& link() { return link_; }
  void start() { attempt(); }
  void stop();

 private:
  enum class Phase {
    Idle,
    Waiting,     // for the next attempt
    Connecting,  // until CONNACK
    Connected,
    Draining,  // stopping: reads nothing more, waits for settlements
    Closing,   // DISCONNECT is on its way
    Done,
  };

  void attempt();
  void end_attempt(const std::string& reason);
  void wait_for_next(milliseconds wait);
  void drop_connection();
  [[nodiscard]] PahoOptions connection_options() const;

  void on(const paho::Connected& event);
  void on(const paho::ConnectFailed& event);
  void on(const paho::DisconnectedByBroker& event);
  void on(const paho::Lost& event);
  void on(const paho::Subscribed& event) { subscriber_.on(event); }
  void on(const paho::Unsubscribed& event) { subscriber_.on(event); }
  void on(const paho::Closed& /*event*/) {}  // see connection_over()
  void on(const paho::StrayMessage& event);
  void broker_lost(const std::string& reason) override;
  void connection_over() override;
  void loss_overdue();

  bool adopt_keep_alive(const paho::Connected& event);
  void watch_silence();

  void check_drained();
  void take_leave();
  void left();
  void done();

  void after(boost::asio::steady_timer& timer, milliseconds delay, void (Machine::*then)()) {
    timer.expires_after(delay);
    timer.async_wait([this, then](const boost::system::error_code& error) {
      if (!error) (this->*then)();
    });
  }

  boost::asio::io_context& io_;
  const MqttSourceOptions& options_;
  Inlet& inlet_;
  Acknowledgements& acknowledgements_;
  const Clock& clock_;
  MqttSourceCounters& counters_;
  const std::string broker_;  // for logs: without user name and password

  seconds keep_alive_;
  const BrokerLinkOptions link_options_;
  BrokerLink link_;
  Subscriber subscriber_;
  std::unique_ptr<PahoConnection> paho_;  // after the link: Paho must go first

  Phase phase_ = Phase::Idle;
  bool stopping_ = false;
  bool reconnect_at_once_ = false;
  Instant last_full_;  // when the inlet was last seen full
  Instant drain_until_;
  Reconnection reconnection_;
  boost::asio::steady_timer retry_;
  boost::asio::steady_timer watch_;
  boost::asio::steady_timer guard_;  // of the phase: loss, drain, leave
};

PahoOptions MqttSession::Machine::connection_options() const {
  PahoOptions paho = paho_options(options_);
  paho.port = link_.port();
  paho.token = link_.token();
  paho.keep_alive = keep_alive_;
  paho.connect_timeout = std::chrono::ceil<seconds>(link_options_.connect_timeout) + kPahoSlack;
  return paho;
}

// Connecting

void MqttSession::Machine::attempt() {
  if (phase_ != Phase::Idle && phase_ != Phase::Waiting) {
    return;
  }
  phase_ = Phase::Connecting;
  reconnection_.attempt();
  auto made = PahoConnection::make(io_, connection_options(), [this](const paho::Event& event) {
    std::visit([this](const auto& each) { on(each); }, event);
  });
  if (!made) {
    return end_attempt(made.error().message);
  }
  paho_ = std::move(*made);
  const Status started = paho_->connect();
  if (!started) {
    return end_attempt(started.error().message);
  }
  // Paho ends an attempt by itself, unless its threads were just about to stop.
  after(guard_, link_options_.connect_timeout + kPahoSlack + kPahoNotices, &Machine::loss_overdue);
}

void MqttSession::Machine::on(const paho::Connected& event) {
  if (phase_ != Phase::Connecting) {
    return;
  }
  phase_ = Phase::Connected;
  guard_.cancel();
  counters_.connects.fetch_add(1, std::memory_order_relaxed);
  counters_.connected.store(true, std::memory_order_relaxed);
  reconnection_.connected(clock_.elapsed(), event.session_present);
  if (!event.session_present && subscriber_.expects_session()) {
    spdlog::warn(
        "the broker has lost the session: what was published while the agent was away is not "
        "delivered; check session_expiry and the broker's persistence source={} broker={}",
        options_.name, broker_);
  }
  if (adopt_keep_alive(event)) {
    return;
  }
  link_.skip_retained(subscriber_.must_skip_retained(event.session_present));
  subscriber_.begin(*paho_, event.session_present);
  if (options_.expect_message_every.count() > 0) {
    last_full_ = clock_.elapsed();
    watch_silence();
  }
}

// A broker may dictate the keep alive (MQTT 5.0, 3.2.2.3.14). Paho 1.3 does not follow, and would
// be thrown out after one and a half times the broker's value, so ask for that value ourselves.
bool MqttSession::Machine::adopt_keep_alive(const paho::Connected& event) {
  const seconds wanted = event.server_keep_alive.value_or(keep_alive_);
  const bool shorter = wanted.count() > 0 && (keep_alive_.count() == 0 || wanted < keep_alive_);
  if (!shorter) {
    return false;
  }
  spdlog::info(
      "the broker wants a shorter keep alive, will connect again with it source={} "
      "keep_alive_s={} broker_keep_alive_s={}",
      options_.name, keep_alive_.count(), wanted.count());
  keep_alive_ = wanted;
  reconnect_at_once_ = true;
  take_leave();
  return true;
}

void MqttSession::Machine::on(const paho::ConnectFailed& event) {
  if (phase_ == Phase::Connecting) {
    end_attempt(event.refusal != 0 ? event.reason : reconnection_.reason(event.reason));
  }
}

// Paho closes its connection then, and does not call it lost.
void MqttSession::Machine::on(const paho::DisconnectedByBroker& event) {
  reconnection_.broker_says(event.code);
  on(paho::Lost{});
}

void MqttSession::Machine::on(const paho::Lost& /*event*/) {
  if (phase_ == Phase::Connected || phase_ == Phase::Draining) {
    end_attempt(reconnection_.reason("the connection to the broker has ended"));
  }
}

void MqttSession::Machine::broker_lost(const std::string& reason) {
  reconnection_.link_says(reason);
  connection_over();
}

void MqttSession::Machine::connection_over() {
  switch (phase_) {
    case Phase::Connecting:
    case Phase::Connected:
      // Paho is about to report it, perhaps with the code of a CONNACK or DISCONNECT that says
      // more. The guard is for the case that it does not.
      return after(guard_, kPahoNotices, &Machine::loss_overdue);
    case Phase::Draining:
      boost::asio::post(io_, [this] { on(paho::Lost{}); });
      return;
    case Phase::Closing:  // DISCONNECT has been passed on
      boost::asio::post(io_, [this] { left(); });
      return;
    case Phase::Idle:
    case Phase::Waiting:
    case Phase::Done:
      return;
  }
}

void MqttSession::Machine::loss_overdue() {
  if (phase_ == Phase::Connecting || phase_ == Phase::Connected) {
    end_attempt(reconnection_.reason("the broker does not answer"));
  }
}

void MqttSession::Machine::end_attempt(const std::string& reason) {
  drop_connection();
  if (stopping_) {
    return done();
  }
  wait_for_next(reconnection_.failed(reason, clock_.elapsed()));
}

void MqttSession::Machine::wait_for_next(milliseconds wait) {
  phase_ = Phase::Waiting;
  after(retry_, wait, &Machine::attempt);
}

void MqttSession::Machine::drop_connection() {
  counters_.connected.store(false, std::memory_order_relaxed);
  subscriber_.end();
  watch_.cancel();
  guard_.cancel();
  paho_.reset();
}

// Connected

void MqttSession::Machine::watch_silence() {
  if (phase_ != Phase::Connected) {
    return;
  }
  const Instant now = clock_.elapsed();
  if (inlet_.full()) {
    last_full_ = now;  // the silence is our own
  }
  const auto silent = now - std::max(link_.last_message(), last_full_);
  if (silent < options_.expect_message_every) {
    return after(watch_, std::chrono::ceil<milliseconds>(options_.expect_message_every - silent),
                 &Machine::watch_silence);
  }
  spdlog::warn(
      "connected, but no message for too long, will connect again source={} broker={} "
      "silent_ms={}",
      options_.name, broker_, std::chrono::floor<milliseconds>(silent).count());
  take_leave();
}

void MqttSession::Machine::on(const paho::StrayMessage& /*event*/) {
  spdlog::error(
      "a message reached Paho instead of the agent and is lost, please report this as a "
      "bug source={}",
      options_.name);
}

// Leaving

void MqttSession::Machine::stop() {
  if (std::exchange(stopping_, true)) {
    return;
  }
  switch (phase_) {
    case Phase::Connected:
      phase_ = Phase::Draining;
      drain_until_ = clock_.elapsed() + options_.drain_time;
      link_.stop_reading();
      return check_drained();
    case Phase::Connecting:
      link_.close();  // wakes Paho, so that it goes at once
      return end_attempt("stopping");
    case Phase::Idle:
    case Phase::Waiting:
      return done();
    case Phase::Draining:
    case Phase::Closing:
    case Phase::Done:
      return;
  }
}

void MqttSession::Machine::check_drained() {
  if (phase_ != Phase::Draining) {
    return;
  }
  const std::uint64_t delivered = link_.counts().messages;
  const std::uint64_t settled = counters_.settled.load(std::memory_order_relaxed);
  if (settled >= delivered && acknowledgements_.owed() == 0) {
    return take_leave();
  }
  if (clock_.elapsed() < drain_until_) {
    return after(guard_, kDrainCheck, &Machine::check_drained);
  }
  spdlog::warn(
      "stopping before everything is stored, the broker will send it again source={} "
      "unsettled={} unacknowledged={}",
      options_.name, delivered - std::min(settled, delivered), acknowledgements_.owed());
  take_leave();
}

void MqttSession::Machine::take_leave() {
  phase_ = Phase::Closing;
  after(guard_, kLeave, &Machine::left);
  if (!paho_->disconnect()) {
    boost::asio::post(io_, [this] { left(); });  // it is not connected any more
  }
}

void MqttSession::Machine::left() {
  if (phase_ != Phase::Closing) {
    return;
  }
  drop_connection();
  if (stopping_) {
    spdlog::info("disconnected from the broker source={} broker={}", options_.name, broker_);
    return done();
  }
  wait_for_next(std::exchange(reconnect_at_once_, false) ? milliseconds(0) : reconnection_.left());
}

void MqttSession::Machine::done() {
  phase_ = Phase::Done;
  retry_.cancel();
  link_.close();
  io_.stop();
}

MqttSession::MqttSession(boost::asio::io_context& io, const MqttSourceOptions& options,
                         Inlet& inlet, Acknowledgements& acknowledgements, StateStore& state,
                         const Clock& clock, MqttSourceCounters& counters)
    : machine_(
          std::make_unique<Machine>(io, options, inlet, acknowledgements, state, clock, counters)) {
}

MqttSession::~MqttSession() = default;

BrokerLink& MqttSession::link() {
  return machine_->link();
}

void MqttSession::start() {
  machine_->start();
}

void MqttSession::stop() {
  machine_->stop();
}

}  // namespace sluice
