#include "sources/delivery.h"

#include "sources/fingerprint.h"

namespace sluice {
namespace {

constexpr std::size_t kWorthwhileBytes = 64UL * 1024;
constexpr std::chrono::milliseconds kOldest{50};
constexpr std::size_t kCutPayload = 1024;  // of a message that is too large

}  // namespace

void Delivery::begin(Timestamp received, Instant now) {
  received_ = received;
  now_ = now;
  if (empty()) oldest_ = now;
}

bool Delivery::take(const PacketReader::Packet& packet, MqttVersion version) {
  const auto view = parse_publish(packet.header, packet.body, version);
  if (!view) return false;
  add(*view, 0, view->qos > 0 ? fingerprint(view->topic, view->payload) : 0);
  return true;
}

bool Delivery::take_cut(const PacketReader::Packet& packet, MqttVersion version) {
  auto head = parse_publish_head(packet.header, packet.body, version);
  if (!head) return false;
  head->view.payload = head->view.payload.substr(0, kCutPayload);
  const std::uint64_t of_beginning = fingerprint(head->view.topic, head->view.payload);
  add(head->view, head->payload_size, of_beginning + head->payload_size);
  return true;
}

void Delivery::add(const PublishView& view, std::uint64_t full_size, std::uint64_t fingerprint) {
  if (stopped_ && view.qos > 0) return;
  const bool wanted = !(skip_retained_ && view.retained && !view.duplicate);
  if (view.qos > 0 && !owe(view, fingerprint, wanted)) return;
  if (!wanted) {
    ++totals_.retained_skipped;
    return;
  }
  if (full_size > 0) ++totals_.oversize;
  if (batch_.empty()) oldest_ = now_;
  batch_.add({.topic = view.topic,
              .payload = view.payload,
              .received = received_,
              .qos = view.qos,
              .retained = view.retained,
              .full_size = full_size});
  if (batch_.bytes() >= kWorthwhileBytes) hand_over();
}

bool Delivery::owe(const PublishView& view, std::uint64_t fingerprint, bool wanted) {
  Receipt& receipt = receipts_.emplace_back(Receipt{.fingerprint = fingerprint,
                                                    .packet_id = view.packet_id,
                                                    .qos = view.qos,
                                                    .duplicate = view.duplicate});
  if (acknowledgements_.is_redelivered(receipt)) return false;
  if (wanted) receipt.position = batch_.size();
  return true;
}

void Delivery::hand_over() {
  if (empty()) return;
  acknowledgements_.expect(receipts_);
  const std::size_t count = batch_.size();
  Ticket last{};
  if (count > 0) {
    last = inlet_.deliver(batch_);
    totals_.messages += count;
  }
  acknowledgements_.owe(receipts_, last, count);
  receipts_.clear();
}

bool Delivery::due(Instant now) const {
  return !empty() && now - oldest_ >= kOldest;
}

}  // namespace sluice
