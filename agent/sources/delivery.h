// From PUBLISH packets to the inlet, and to what is owed for them.
#pragma once

#include "core/clock.h"
#include "core/source.h"
#include "sources/acknowledgements.h"
#include "sources/mqtt_packet.h"
#include "sources/packet_reader.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

// Counts of a link over all its connections; read by any thread.
struct LinkTotals {
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> oversize{0};
  std::atomic<std::uint64_t> retained_skipped{0};
};

// Collects the messages of several reads into one batch, because handing over wakes up another
// thread. One per connection, used by the link's thread; the references outlive it.
class Delivery {
 public:
  Delivery(bool skip_retained, Inlet& inlet, Acknowledgements& acknowledgements, LinkTotals& totals)
      : skip_retained_(skip_retained),
        inlet_(inlet),
        acknowledgements_(acknowledgements),
        totals_(totals) {}

  // What follows was received in one read.
  void begin(Timestamp received, Instant now);
  // False if the packet is malformed.
  bool take(const PacketReader::Packet& packet, MqttVersion version);
  bool take_cut(const PacketReader::Packet& packet, MqttVersion version);

  // Delivers what has been taken, and owes for it.
  void hand_over();
  // From now on only messages of QoS 0 are taken. The others are not acknowledged, so the broker
  // keeps them for the next connection.
  void stop() { stopped_ = true; }
  void skip_retained(bool skip) { skip_retained_ = skip; }

  [[nodiscard]] bool empty() const { return batch_.empty() && receipts_.empty(); }
  // Worth handing over, or old enough.
  [[nodiscard]] bool due(Instant now) const;
  [[nodiscard]] std::size_t owed() const { return acknowledgements_.owed() + receipts_.size(); }

 private:
  void add(const PublishView& view, std::uint64_t full_size, std::uint64_t fingerprint);
  // Owes for the message. True if it must be delivered.
  bool owe(const PublishView& view, std::uint64_t fingerprint, bool wanted);

  bool skip_retained_;
  Inlet& inlet_;
  Acknowledgements& acknowledgements_;
  LinkTotals& totals_;

  bool stopped_ = false;
  Timestamp received_;
  Instant now_;
  Instant oldest_;  // when the first message of the batch arrived
  MessageBatch batch_;
  std::vector<Receipt> receipts_;
};

}  // namespace sluice
