#include "sources/acknowledgements.h"

#include "core/mutex.h"
#include "sources/mqtt_packet.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <unordered_map>

namespace sluice {
namespace {

// Saved state: one byte of version, then for every id its two bytes and the eight bytes of its
// fingerprint, lowest byte first.
constexpr char kStateVersion = 1;
constexpr std::size_t kSavedIdSize = 2 + 8;

void append_number(std::string& out, std::uint64_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(static_cast<char>(value >> (8U * i)));
  }
}

std::uint64_t read_number(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8U * i);
  }
  return value;
}

struct Stored {
  std::uint64_t fingerprint = 0;
  Ticket ticket{};
};
using StoredById = std::unordered_map<std::uint16_t, Stored>;

// What cannot be read counts as nothing saved: the worst that follows is a message stored twice.
StoredById read_state(std::string_view saved) {
  StoredById ids;
  if (saved.empty() || saved[0] != kStateVersion || (saved.size() - 1) % kSavedIdSize != 0) {
    return ids;
  }
  for (std::size_t at = 1; at < saved.size(); at += kSavedIdSize) {
    const auto id = static_cast<std::uint16_t>(read_number(saved.substr(at, 2)));
    ids[id] = {.fingerprint = read_number(saved.substr(at + 2, 8)), .ticket = Ticket(0)};
  }
  return ids;
}

}  // namespace

class Acknowledgements::Ledger {
 public:
  explicit Ledger(std::string_view saved)
      : received_(read_state(saved)), has_saved_(!saved.empty()) {}

  bool is_redelivered(Receipt& receipt) {
    return receipt.qos == 2 ? is_received(receipt) : is_remembered(receipt);
  }

  void expect(std::span<const Receipt> receipts) { keep_ids(receipts, next_); }

  void owe(std::span<const Receipt> receipts, Ticket last, std::size_t count) {
    Ticket first = next_;
    if (count > 0) {
      next_ = advance(last, 1);
      first = Ticket(number(next_) - count);
    }
    for (const Receipt& receipt : receipts) {
      owed_.push_back({.fingerprint = receipt.fingerprint,
                       .ticket = ticket_of(receipt, first),
                       .packet_id = receipt.packet_id,
                       .qos = receipt.qos});
    }
    keep_ids(receipts, first);
    owed_count_ = owed_.size();
  }

  void released(std::uint16_t packet_id) {
    const MutexLock lock(mutex_);
    received_.erase(packet_id);
  }

  void disconnected() {
    for (const Owed& owed : owed_) {
      if (owed.qos == 1) {
        remembered_[owed.packet_id] = {.fingerprint = owed.fingerprint, .ticket = owed.ticket};
      }
    }
    owed_.clear();
    owed_count_ = 0;
  }

  void connected(bool session_present) {
    if (session_present) return;
    remembered_.clear();
    const MutexLock lock(mutex_);
    received_.clear();
  }

  void settled(Ticket last) { settled_ = number(last); }

  std::size_t take_ready(std::vector<std::uint8_t>& packets) {
    const Ticket settled{settled_.load()};
    std::size_t taken = 0;
    // Acknowledgements leave in the order of arrival, so one that waits holds up those behind it.
    for (; !owed_.empty() && owed_.front().ticket <= settled; owed_.pop_front(), ++taken) {
      const Owed& owed = owed_.front();
      append_acknowledgement(packets, owed.qos == 1 ? PacketType::Puback : PacketType::Pubrec,
                             owed.packet_id);
    }
    owed_count_ = owed_.size();
    sent_ += taken;
    return taken;
  }

  [[nodiscard]] std::size_t owed() const { return owed_count_; }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t redelivered() const { return redelivered_; }

  [[nodiscard]] std::string state_at(Ticket last) const {
    const MutexLock lock(mutex_);
    std::string state;
    for (const auto& [packet_id, stored] : received_) {
      if (stored.ticket <= last) {
        if (state.empty()) state.push_back(kStateVersion);
        append_number(state, packet_id, 2);
        append_number(state, stored.fingerprint, 8);
      }
    }
    // Once ids have been saved, an empty list must replace them.
    if (state.empty() && has_saved_) state.push_back(kStateVersion);
    has_saved_ = !state.empty();
    return state;
  }

 private:
  struct Owed {
    std::uint64_t fingerprint;
    Ticket ticket;
    std::uint16_t packet_id;
    std::uint8_t qos;
  };

  static Ticket ticket_of(const Receipt& receipt, Ticket first) {
    return receipt.position == Receipt::kNotDelivered ? receipt.ticket
                                                      : advance(first, receipt.position);
  }

  // Whether true or not, the id no longer stands for what was remembered: either this copy is owed
  // from now on, or the broker has given the id to another message.
  bool is_remembered(Receipt& receipt) {
    const auto found = remembered_.find(receipt.packet_id);
    if (found == remembered_.end()) return false;
    const Stored first_copy = found->second;
    remembered_.erase(found);
    return recognise(receipt, first_copy);
  }

  bool is_received(Receipt& receipt) {
    remembered_.erase(receipt.packet_id);
    if (!receipt.duplicate) return false;  // a new message; keep_ids() replaces the old one
    const MutexLock lock(mutex_);
    const auto found = received_.find(receipt.packet_id);
    return found != received_.end() && recognise(receipt, found->second);
  }

  bool recognise(Receipt& receipt, const Stored& first_copy) {
    if (!receipt.duplicate || receipt.fingerprint != first_copy.fingerprint) return false;
    receipt.position = Receipt::kNotDelivered;
    receipt.ticket = first_copy.ticket;
    ++redelivered_;
    return true;
  }

  void keep_ids(std::span<const Receipt> receipts, Ticket first) {
    const auto is_qos2 = [](const Receipt& receipt) { return receipt.qos == 2; };
    if (std::ranges::none_of(receipts, is_qos2)) return;
    const MutexLock lock(mutex_);
    for (const Receipt& receipt : receipts) {
      if (is_qos2(receipt)) {
        received_[receipt.packet_id] = {.fingerprint = receipt.fingerprint,
                                        .ticket = ticket_of(receipt, first)};
      }
    }
  }

  // Of the link's thread.
  std::deque<Owed> owed_;
  StoredById remembered_;  // QoS 1, owed when an earlier connection ended
  Ticket next_{1};         // of the message that is delivered next

  mutable Mutex mutex_;
  StoredById received_ SLUICE_GUARDED_BY(mutex_);  // QoS 2, from PUBLISH to PUBREL
  mutable bool has_saved_ SLUICE_GUARDED_BY(mutex_);

  // Sequentially consistent, because the link relies on it: whoever stores a settled ticket and
  // then sees nothing owed may leave, as the link looks for settled tickets after it has owed.
  std::atomic<std::uint64_t> settled_{0};
  std::atomic<std::size_t> owed_count_{0};
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> redelivered_{0};
};

Acknowledgements::Acknowledgements(std::string_view saved)
    : ledger_(std::make_unique<Ledger>(saved)) {
}
Acknowledgements::~Acknowledgements() = default;

bool Acknowledgements::is_redelivered(Receipt& receipt) {
  return ledger_->is_redelivered(receipt);
}
void Acknowledgements::expect(std::span<const Receipt> receipts) {
  ledger_->expect(receipts);
}
void Acknowledgements::owe(std::span<const Receipt> receipts, Ticket last, std::size_t count) {
  ledger_->owe(receipts, last, count);
}
void Acknowledgements::released(std::uint16_t packet_id) {
  ledger_->released(packet_id);
}
void Acknowledgements::disconnected() {
  ledger_->disconnected();
}
void Acknowledgements::connected(bool session_present) {
  ledger_->connected(session_present);
}
void Acknowledgements::settled(Ticket last) {
  ledger_->settled(last);
}
std::size_t Acknowledgements::take_ready(std::vector<std::uint8_t>& packets) {
  return ledger_->take_ready(packets);
}
std::size_t Acknowledgements::owed() const {
  return ledger_->owed();
}
std::uint64_t Acknowledgements::sent() const {
  return ledger_->sent();
}
std::uint64_t Acknowledgements::redelivered() const {
  return ledger_->redelivered();
}
std::string Acknowledgements::state_at(Ticket last) const {
  return ledger_->state_at(last);
}

}  // namespace sluice
