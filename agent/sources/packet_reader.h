// Cuts a stream of bytes into MQTT packets.
#pragma once

#include "sources/mqtt_packet.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice {

struct PacketLimits {
  std::size_t publish = 0;  // bytes of one PUBLISH; a larger one is cut
  std::size_t other = 0;    // bytes of any other packet; a larger one is malformed
};

// Memory: one read buffer of `read_size`, or as large as the one packet that does not fit into it.
// A PUBLISH above its limit is never buffered, apart from kCutSize bytes. One thread at a time.
class PacketReader {
 public:
  // Enough for topic, id, ordinary properties and the first KiB of the payload.
  static constexpr std::size_t kCutSize = kMaxPublishHead + 8192;

  enum class Next {
    Nothing,    // read on
    Packet,     // `packet` is complete
    Cut,        // the last byte of a PUBLISH above its limit has passed; body is its beginning
    Malformed,  // the stream cannot be read any further
  };
  struct Packet {
    PacketHeader header;
    std::span<const std::uint8_t> body;
    std::span<const std::uint8_t> whole;  // header included; empty for Cut
  };

  PacketReader(std::size_t read_size, PacketLimits limits)
      : read_size_(read_size), limits_(limits) {}

  // Where to put the next bytes; never empty. Ends the validity of every packet.
  std::span<std::uint8_t> space();
  void filled(std::size_t bytes) { end_ += bytes; }

  // The packet is valid until space() or the next call.
  Next next(Packet& packet);

  void set_limits(PacketLimits limits) { limits_ = limits; }

 private:
  [[nodiscard]] std::span<const std::uint8_t> unread() const {
    return {buffer_.get() + begin_, end_ - begin_};
  }
  Next begin_packet(const PacketHeader& header, Packet& packet);
  Next pass_cut(Packet& packet);
  void resize(std::size_t capacity);

  std::size_t read_size_;
  PacketLimits limits_;
  // A vector would write zeros to all of it, and with that take the memory that no read needs.
  std::unique_ptr<std::uint8_t[]> buffer_;  // NOLINT(modernize-avoid-c-arrays): see above
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;  // of what has not been cut into packets yet
  std::size_t end_ = 0;
  std::size_t needed_ = 0;  // size of the packet that begins there, if it is known

  bool cutting_ = false;
  PacketHeader cut_header_;
  std::size_t cut_left_ = 0;  // bytes of its body that have not passed yet
  std::vector<std::uint8_t> cut_;
};

}  // namespace sluice
