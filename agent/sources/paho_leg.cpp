#include "sources/paho_leg.h"

#include <boost/asio/write.hpp>

#include <utility>

namespace sluice {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kReadSize = 16UL * 1024;

}  // namespace

PahoLeg::PahoLeg(asio::ip::tcp::socket socket, PacketLimits limits)
    : socket_(std::move(socket)), reader_(kReadSize, limits) {
  error_code ignored;  // without it the library's answers are only slower
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void PahoLeg::send(std::span<const std::uint8_t> packets) {
  waiting_.insert(waiting_.end(), packets.begin(), packets.end());
  write();
}

void PahoLeg::write() {
  if (closed_ || waiting_.empty() || !writing_.empty()) return;
  std::swap(waiting_, writing_);
  asio::async_write(socket_, asio::buffer(writing_),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (self->closed_) return;
                      if (error) {
                        self->end();
                        return;
                      }
                      self->writing_.clear();
                      self->write();
                      if (self->unsent() == 0) self->drained();
                    });
}

void PahoLeg::drained() {
  if (finishing_) {
    close();
  } else if (const auto owner = owner_.lock()) {
    owner->paho_drained();
  }
}

void PahoLeg::hold() {
  held_ = true;
}

void PahoLeg::go_on() {
  held_ = false;
  read();
}

void PahoLeg::read() {
  if (closed_ || finishing_ || held_ || std::exchange(reading_, true)) return;
  const auto space = reader_.space();
  socket_.async_read_some(asio::buffer(space.data(), space.size()),
                          [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                            self->reading_ = false;
                            if (self->closed_) return;
                            if (error) {
                              self->end();
                            } else {
                              self->received(bytes);
                            }
                          });
}

void PahoLeg::received(std::size_t bytes) {
  reader_.filled(bytes);
  PacketReader::Packet packet;
  while (!closed_ && !finishing_) {
    const auto owner = owner_.lock();
    switch (reader_.next(packet)) {
      case PacketReader::Next::Packet:
        if (owner) owner->from_paho(packet);
        continue;
      case PacketReader::Next::Nothing:
        read();
        return;
      case PacketReader::Next::Cut:
      case PacketReader::Next::Malformed:
        end();
        return;
    }
  }
}

void PahoLeg::end() {
  const auto owner = owner_.lock();
  close();
  if (owner) owner->paho_gone();
}

void PahoLeg::finish() {
  owner_.reset();
  finishing_ = true;
  if (unsent() == 0) close();
}

void PahoLeg::close() {
  if (std::exchange(closed_, true)) return;
  error_code ignored;  // the socket is gone afterwards in any case
  socket_.close(ignored);
}

}  // namespace sluice
