#include "sources/packet_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice {

std::span<std::uint8_t> PacketReader::space() {
  const std::size_t capacity = std::max(read_size_, needed_);
  if (capacity != capacity_) {
    resize(capacity);
  } else if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return {buffer_.get() + end_, capacity_ - end_};
}

void PacketReader::resize(std::size_t capacity) {
  decltype(buffer_) buffer(new std::uint8_t[capacity]);
  if (end_ > begin_) std::memcpy(buffer.get(), buffer_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  buffer_ = std::move(buffer);
  capacity_ = capacity;
}

PacketReader::Next PacketReader::next(Packet& packet) {
  if (cutting_) return pass_cut(packet);
  needed_ = 0;
  PacketHeader header;
  switch (read_header(unread(), header)) {
    case HeaderState::Incomplete:
      return Next::Nothing;
    case HeaderState::Malformed:
      return Next::Malformed;
    case HeaderState::Complete:
      return begin_packet(header, packet);
  }
  return Next::Malformed;
}

PacketReader::Next PacketReader::begin_packet(const PacketHeader& header, Packet& packet) {
  const bool publish = header.type() == PacketType::Publish;
  if (header.packet_size() > (publish ? limits_.publish : limits_.other)) {
    if (!publish) return Next::Malformed;
    cutting_ = true;
    cut_header_ = header;
    cut_left_ = header.body_size;
    cut_.clear();
    begin_ += header.size;
    return pass_cut(packet);
  }
  if (header.packet_size() > unread().size()) {
    needed_ = header.packet_size();
    return Next::Nothing;
  }
  packet.header = header;
  packet.whole = unread().first(header.packet_size());
  packet.body = packet.whole.subspan(header.size);
  begin_ += header.packet_size();
  return Next::Packet;
}

PacketReader::Next PacketReader::pass_cut(Packet& packet) {
  const auto passing = unread().first(std::min(cut_left_, unread().size()));
  const auto kept = passing.first(std::min(kCutSize - cut_.size(), passing.size()));
  cut_.insert(cut_.end(), kept.begin(), kept.end());
  begin_ += passing.size();
  cut_left_ -= passing.size();
  if (cut_left_ > 0) return Next::Nothing;
  cutting_ = false;
  packet = {.header = cut_header_, .body = cut_, .whole = {}};
  return Next::Cut;
}

}  // namespace sluice
