// What the agent owes the broker, and what it must remember so that nothing is stored twice.
#pragma once

#include "core/ids.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// A PUBLISH of QoS 1 or 2 as far as acknowledging it is concerned.
struct Receipt {
  static constexpr std::size_t kNotDelivered = std::numeric_limits<std::size_t>::max();

  std::uint64_t fingerprint = 0;  // over topic and payload
  std::uint16_t packet_id = 0;
  std::uint8_t qos = 1;
  bool duplicate = false;  // DUP flag
  // Where the message is in the batch that is delivered.
  std::size_t position = kNotDelivered;
  // If it is not delivered: the ticket to wait for. Ticket 0 waits for nothing.
  Ticket ticket{};
};

// Lives as long as the source, across connections.
//
// The rules: what settles is acknowledged in the order of arrival. When a connection ends, what is
// owed is forgotten, but remembered as "stored, not acknowledged": a redelivered packet (DUP) with
// the same id and fingerprint is acknowledged when its first copy is settled, and not delivered
// again. DUP alone never means that the message is here already. The ids of QoS 2 messages are kept
// from PUBLISH to PUBREL, and saved with the blocks, so that they survive a crash.
//
// Threads: settled(), state_at() and the counts may be used by any thread; everything else by the
// one thread of the link. Only QoS 2 takes a lock, and that once for a whole batch.
class Acknowledgements {
 public:
  // `saved` is what state_at() returned for the blocks that are stored; empty at first.
  explicit Acknowledgements(std::string_view saved = {});
  ~Acknowledgements();
  Acknowledgements(const Acknowledgements&) = delete;
  Acknowledgements& operator=(const Acknowledgements&) = delete;

  // True if this PUBLISH was delivered before, in this session, and must not be delivered again.
  // `receipt` then carries the ticket of its first copy. In both cases it must reach owe().
  bool is_redelivered(Receipt& receipt);

  // The batch with these messages is about to be delivered: what it is stored with may be asked for
  // (state_at) before deliver() has returned.
  void expect(std::span<const Receipt> receipts);
  // It has been delivered: `count` messages, the last of which has the ticket `last`. In the order
  // of arrival, including those that were not delivered. `last` means nothing if `count` is 0.
  void owe(std::span<const Receipt> receipts, Ticket last, std::size_t count);
  void released(std::uint16_t packet_id);  // PUBREL

  // The connection has ended: nothing that is owed can be sent any more.
  void disconnected();
  // CONNACK: without a session the broker has forgotten every id, and so must we.
  void connected(bool session_present);

  void settled(Ticket last);
  // Appends the packets (PUBACK, PUBREC) that may be sent now, in order, and counts them as sent.
  // Returns their number.
  std::size_t take_ready(std::vector<std::uint8_t>& packets);

  [[nodiscard]] std::size_t owed() const;  // not yet taken, settled or not
  [[nodiscard]] std::uint64_t sent() const;
  [[nodiscard]] std::uint64_t redelivered() const;
  [[nodiscard]] std::string state_at(Ticket last) const;

 private:
  class Ledger;
  std::unique_ptr<Ledger> ledger_;
};

}  // namespace sluice
