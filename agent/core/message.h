// What a source hands over: bytes as they arrived, not yet understood.
#pragma once

#include "core/clock.h"
#include "core/ids.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

// A view: valid as long as the batch (or packet) that holds the bytes is not changed.
struct Message {
  std::string_view topic;
  std::string_view payload;  // any bytes, not necessarily text
  Timestamp received;        // wall clock of the device
  std::uint8_t qos = 0;
  bool retained = false;
  std::uint64_t full_size = 0;  // not 0: the payload had so many bytes, and this is its beginning
};

// Messages of one source in the order of their arrival, in one piece of memory that is used again:
// in a steady state adding a message allocates nothing. One thread at a time.
class MessageBatch {
 public:
  // Behind every payload lie at least this many readable bytes, so that a JSON parser may read its
  // input in wide steps without looking where it ends.
  static constexpr std::size_t kPadding = 64;

  void add(const Message& message) {
    const std::size_t needed = used_ + message.topic.size() + message.payload.size() + kPadding;
    if (needed > capacity_) {
      grow(needed);
    }
    Entry entry{.offset = used_,
                .topic_size = message.topic.size(),
                .payload_size = message.payload.size(),
                .received = message.received,
                .qos = message.qos,
                .retained = message.retained,
                .full_size = message.full_size};
    put(message.topic);
    put(message.payload);
    entries_.push_back(entry);
  }

  [[nodiscard]] Message operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    const char* start = bytes_.get() + entry.offset;
    return {.topic = {start, entry.topic_size},
            .payload = {start + entry.topic_size, entry.payload_size},
            .received = entry.received,
            .qos = entry.qos,
            .retained = entry.retained,
            .full_size = entry.full_size};
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t bytes() const { return used_; }  // topics and payloads

  // Ticket of message 0; message i has the ticket first_ticket + i.
  Ticket first_ticket{};

  // Keeps the memory for the next messages, unless an unusually large one has blown it up.
  void clear() {
    entries_.clear();
    used_ = 0;
    if (capacity_ > kKeepBytes) {
      bytes_.reset();
      capacity_ = 0;
    }
  }

 private:
  struct Entry {
    std::size_t offset;
    std::size_t topic_size;
    std::size_t payload_size;
    Timestamp received;
    std::uint8_t qos;
    bool retained;
    std::uint64_t full_size;
  };
  static constexpr std::size_t kKeepBytes = 512UL * 1024;

  void put(std::string_view text) {
    if (!text.empty()) {
      std::memcpy(bytes_.get() + used_, text.data(), text.size());
      used_ += text.size();
    }
  }

  void grow(std::size_t needed) {
    const std::size_t capacity = std::max(needed, capacity_ * 2);
    // NOLINTNEXTLINE(modernize-avoid-c-arrays): zeroed, because the padding may be read
    auto bytes = std::make_unique<char[]>(capacity);
    if (used_ > 0) {
      std::memcpy(bytes.get(), bytes_.get(), used_);
    }
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;  // NOLINT(modernize-avoid-c-arrays): of a size known late
  std::size_t used_ = 0;
  std::size_t capacity_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace sluice
