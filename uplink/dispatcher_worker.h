// The inside of the dispatcher.
#pragma once

#include "uplink/allowance.h"
#include "uplink/circuit_breaker.h"
#include "uplink/dispatcher.h"
#include "uplink/feed.h"
#include "uplink/mailbox.h"
#include "uplink/metered_batch.h"
#include "uplink/tally.h"
#include "uplink/turns.h"

#include <atomic>
#include <deque>
#include <functional>

namespace sluice {

// Everything that is not said to be for any thread runs on the thread of `io`. Handlers that wait
// inside the transport, the buffer or an alarm know the worker only weakly, so that no cycle keeps
// it.
class DispatcherWorker : public std::enable_shared_from_this<DispatcherWorker> {
 public:
  DispatcherWorker(boost::asio::io_context& io, DispatcherOptions options, BlockReader& buffer,
                   StateStore& state, std::unique_ptr<Transport> transport,
                   std::unique_ptr<Timekeeper> time);

  // Any thread.
  void start();
  void stop();
  static void abandon(std::shared_ptr<DispatcherWorker> worker);
  [[nodiscard]] DispatcherCounts counts() const { return tally_.counts(now()); }
  [[nodiscard]] TransportFigures connection() const { return transport_->figures(); }

 private:
  // Life and reading: dispatcher.cpp.
  void begin();
  void wait_for_the_fleet();
  void ask(std::size_t index);
  void ask(std::size_t index, LaneName lane);
  void fetched(std::size_t index, LaneName lane, const Result<BlockPtr>& block);
  void let_sleep(std::size_t index);
  void count_work(std::size_t index);
  void come_to_rest();
  void give_up();
  void after(Alarm& alarm, std::chrono::milliseconds time,
             std::function<void(DispatcherWorker&)> then);
  [[nodiscard]] Instant now() const { return time_->clock().elapsed(); }
  [[nodiscard]] Sequence newest(const Feed& feed) const { return buffer_.newest(feed.id.flow); }
  [[nodiscard]] Sequence newest_if_it_matters(const Feed& feed) const;

  // When to send what: sending.cpp.
  void send_next();
  void jump_where_behind();
  void release_batch();
  [[nodiscard]] bool may_go(const Feed& feed, const Block& block) const;
  [[nodiscard]] std::uint64_t waiting_bytes() const;
  void hold(Hold why, std::chrono::milliseconds time);
  void transmit(const Turn& turn);

  // What becomes of a block: verdicts.cpp.
  void answered(const Turn& turn, const Answer& answer);
  void decide(const Turn& turn, const Answer& answer);
  void confirmed(const Turn& turn);
  void pause_sink(const Turn& turn, const Answer& answer);
  void repair(const Turn& turn, const Answer& answer);
  void split(const Turn& turn, std::chrono::milliseconds slowly);
  void has_split(const Turn& turn, std::chrono::milliseconds slowly, const Status& done);
  void bury(const Turn& turn, const Answer& answer);
  void distrust(const Turn& turn, const Answer& answer);
  void rest(const Turn& turn, std::chrono::milliseconds time);
  void count_flows();

  boost::asio::io_context& io_;
  const std::string name_;
  const DeliveryOptions options_;
  BlockReader& buffer_;
  const std::unique_ptr<Timekeeper> time_;  // before its alarms
  std::atomic<bool> stopping_ = false;

  std::deque<Feed> feeds_;  // a deque, because alarms and outages do not move
  Turns turns_;
  bool busy_ = false;          // a request is under way
  bool paused_ = false;        // the sink waits for its next attempt
  bool fleet_starts_ = false;  // what is old waits a moment
  Shipment shipment_;          // under way
  RetryPace pace_;
  CircuitBreaker breaker_;
  Outage outage_;
  Allowance allowance_;
  MeteredBatch batch_;
  const std::unique_ptr<Alarm> pause_;   // until the next attempt
  const std::unique_ptr<Alarm> limits_;  // until the link may be used
  const std::unique_ptr<Alarm> startup_;
  Instant last_burial_logged_{};
  std::uint64_t burials_ = 0;
  Tally tally_;
  std::unique_ptr<Transport> transport_;
  const std::shared_ptr<Mailbox<DispatcherWorker>> mailbox_;
};

}  // namespace sluice
