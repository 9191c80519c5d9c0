// One session: the client library on one side, the broker on the other, the messages taken out in
// between.
#pragma once

#include "sources/broker_leg.h"
#include "sources/mqtt_packet.h"
#include "sources/paho_leg.h"
#include "sources/ping_account.h"

#include <functional>
#include <memory>
#include <string>

namespace sluice {

// Used on the link's thread. Created by std::make_shared.
class LinkSession final : public PahoLegOwner,
                          public BrokerLegOwner,
                          public std::enable_shared_from_this<LinkSession> {
 public:
  // Called once, when the session has ended by itself; empty unless the broker is the reason.
  using Ended = std::function<void(const std::string& reason)>;

  LinkSession(std::shared_ptr<LinkContext> context, std::shared_ptr<PahoLeg> paho, Ended ended);

  // `connect` is what the client library has sent; its credentials are replaced.
  void start(ConnectOptions connect);

  void send_settled() { broker_.send_settled(); }
  void resume() { broker_.resume(); }
  void stop_reading() { broker_.stop_reading(); }
  void skip_retained(bool skip) { broker_.skip_retained(skip); }
  void close();

 private:
  void from_paho(const PacketReader::Packet& packet) override;
  void paho_gone() override;
  void paho_drained() override;
  void from_broker(const PacketReader::Packet& packet) override;
  void broker_heard() override;
  void broker_paused() override;
  void broker_drained() override;
  void broker_gone(const std::string& reason) override;
  [[nodiscard]] bool congested() const override;

  void answer_pings();
  void end(const std::string& reason);

  std::shared_ptr<LinkContext> context_;
  std::shared_ptr<PahoLeg> paho_;
  BrokerLeg broker_;
  PingAccount pings_;
  Ended ended_;
  bool disconnecting_ = false;  // the client library has sent DISCONNECT
};

}  // namespace sluice
