#include "sources/link_session.h"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice {
namespace {

// For the other side, before no more is taken from this one.
constexpr std::size_t kMaxUnsent = 1024UL * 1024;

}  // namespace

LinkSession::LinkSession(std::shared_ptr<LinkContext> context, std::shared_ptr<PahoLeg> paho,
                         Ended ended)
    : context_(std::move(context)),
      paho_(std::move(paho)),
      broker_(*context_, *this),
      ended_(std::move(ended)) {
}

void LinkSession::start(ConnectOptions connect) {
  connect.username.reset();
  connect.password.reset();
  const BrokerLinkOptions& options = context_->options;
  if (!options.username.empty()) connect.username = options.username;
  if (!options.password.empty()) connect.password = options.password;
  std::vector<std::uint8_t> packet;
  append_connect(packet, connect);
  broker_.send(packet);
  broker_.connect(connect.version, shared_from_this());
}

void LinkSession::close() {
  ended_ = nullptr;
  broker_.close();
  paho_->finish();
}

void LinkSession::end(const std::string& reason) {
  const auto ended = std::exchange(ended_, nullptr);
  close();
  if (ended) ended(reason);
}

// ---- from the client library

void LinkSession::from_paho(const PacketReader::Packet& packet) {
  switch (packet.header.type()) {
    case PacketType::Connect:  // a second one
      end({});
      return;
    case PacketType::Disconnect:
      disconnecting_ = true;
      paho_->hold();
      broker_.finish(packet.whole);
      return;
    case PacketType::Pingreq:
      pings_.asked();
      broker_.send(packet.whole);
      if (broker_.paused()) answer_pings();
      return;
    default:
      broker_.send(packet.whole);
      if (broker_.unsent() > kMaxUnsent) paho_->hold();
      return;
  }
}

void LinkSession::paho_gone() {
  // After DISCONNECT it need not wait until the broker has got it.
  if (!disconnecting_) end({});
}

void LinkSession::broker_drained() {
  paho_->go_on();
}

// ---- from the broker

void LinkSession::from_broker(const PacketReader::Packet& packet) {
  if (packet.header.type() == PacketType::Pingresp && !pings_.arrived()) return;
  paho_->send(packet.whole);
}

void LinkSession::broker_heard() {
  answer_pings();
}

void LinkSession::broker_paused() {
  answer_pings();
}

void LinkSession::answer_pings() {
  std::vector<std::uint8_t> answers;
  for (std::size_t due = pings_.answer(); due > 0; --due) {
    append_empty(answers, PacketType::Pingresp);
  }
  if (!answers.empty()) paho_->send(answers);
}

void LinkSession::broker_gone(const std::string& reason) {
  end(reason);
}

bool LinkSession::congested() const {
  return paho_->unsent() > kMaxUnsent;
}

void LinkSession::paho_drained() {
  broker_.resume();
}

}  // namespace sluice
