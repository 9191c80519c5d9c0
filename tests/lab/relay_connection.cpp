#include "tests/lab/relay_connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <utility>

namespace sluice::lab {

namespace {

using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kReadSize = 64UL * 1024;
// More than this in the relay, and it stops reading: the sender has to feel a slow receiver.
constexpr std::size_t kMaxQueued = 256UL * 1024;
constexpr std::size_t kPiecesPerSecond = 20;

void no_delay(RelayConnection::Socket& socket) {
  error_code ignored;  // only makes it slower
  socket.set_option(boost::asio::ip::tcp::no_delay(true), ignored);
}

}  // namespace

RelayConnection::RelayConnection(Socket client, RelayState& state, Ended ended)
    : state_(state),
      ended_(std::move(ended)),
      client_(std::move(client)),
      server_(client_.get_executor()),
      forward_(Direction::Forward, client_, server_),
      back_(Direction::Back, server_, client_) {
}

void RelayConnection::connect(const boost::asio::ip::tcp::resolver::results_type& server) {
  boost::asio::async_connect(server_, server,
                             [self = shared_from_this()](const error_code& error, const auto&) {
                               if (!self->open_) {
                                 return;
                               }
                               if (error) {
                                 self->cut();
                                 return;
                               }
                               no_delay(self->client_);
                               no_delay(self->server_);
                               self->read(self->forward_);
                               self->read(self->back_);
                             });
}

void RelayConnection::cut() {
  error_code ignored;  // a side that is gone already cannot be reset
  const boost::asio::socket_base::linger reset(true, 0);
  client_.set_option(reset, ignored);
  server_.set_option(reset, ignored);
  close();
}

void RelayConnection::close() {
  if (!std::exchange(open_, false)) {
    return;
  }
  error_code ignored;  // the descriptor is gone either way
  client_.close(ignored);
  server_.close(ignored);
  forward_.timer.cancel();
  back_.timer.cancel();
  ended_(shared_from_this());
}

void RelayConnection::kick() {
  for (Pipe* pipe : {&forward_, &back_}) {
    pipe->not_before = {};
    pipe->timer.cancel();
    if (server_.is_open()) {
      read(*pipe);
      write(*pipe);
    }
  }
}

void RelayConnection::read(Pipe& pipe) {
  if (!open_ || pipe.reading || pipe.ended || pipe.queued >= kMaxQueued ||
      state_.lane(pipe.direction).paused) {
    return;
  }
  pipe.reading = true;
  pipe.buffer.resize(kReadSize);
  pipe.from.async_read_some(
      boost::asio::buffer(pipe.buffer),
      [self = shared_from_this(), &pipe](const error_code& error, std::size_t size) {
        pipe.reading = false;
        if (!self->open_) {
          return;
        }
        if (error && error != boost::asio::error::eof) {
          self->cut();
          return;
        }
        if (error) {
          pipe.ended = true;
        } else {
          pipe.queue.push_back(
              {steady_clock::now() + self->state_.lane(pipe.direction).delay,
               {pipe.buffer.begin(), pipe.buffer.begin() + static_cast<std::ptrdiff_t>(size)}});
          pipe.queued += size;
        }
        self->write(pipe);
        self->read(pipe);
      });
}

void RelayConnection::write(Pipe& pipe) {
  if (!open_ || pipe.writing || state_.lane(pipe.direction).paused) {
    return;
  }
  if (pipe.queue.empty()) {
    finish(pipe);
    return;
  }
  const auto due = std::max(pipe.queue.front().due, pipe.not_before);
  if (due > steady_clock::now()) {
    wait(pipe, due);
  } else {
    pass_on(pipe);
  }
}

void RelayConnection::wait(Pipe& pipe, steady_clock::time_point until) {
  pipe.writing = true;
  pipe.timer.expires_at(until);
  // Cancelled by kick(): the time may be another one now, so look again in any case.
  pipe.timer.async_wait([self = shared_from_this(), &pipe](const error_code&) {
    pipe.writing = false;
    self->write(pipe);
  });
}

void RelayConnection::pass_on(Pipe& pipe) {
  RelayLane& lane = state_.lane(pipe.direction);
  const std::vector<std::uint8_t>& bytes = pipe.queue.front().bytes;
  std::size_t size = bytes.size() - pipe.written;
  if (lane.bytes_per_second > 0) {
    size = std::min(size, std::max<std::size_t>(1, lane.bytes_per_second / kPiecesPerSecond));
    pipe.not_before = steady_clock::now() +
                      std::chrono::nanoseconds(1'000'000'000UL * size / lane.bytes_per_second);
  }
  const std::span<const std::uint8_t> piece(bytes.data() + pipe.written, size);
  if (state_.observer) {
    state_.observer(pipe.direction, piece);
  }
  if (!open_) {
    return;  // the observer has cut us
  }
  pipe.writing = true;
  boost::asio::async_write(
      pipe.to, boost::asio::buffer(piece.data(), piece.size()),
      [self = shared_from_this(), &pipe, &lane](const error_code& error, std::size_t written) {
        pipe.writing = false;
        lane.bytes += written;
        if (!self->open_) {
          return;
        }
        if (error) {
          self->cut();
          return;
        }
        pipe.written += written;
        pipe.queued -= written;
        if (pipe.written == pipe.queue.front().bytes.size()) {
          pipe.queue.pop_front();
          pipe.written = 0;
        }
        self->read(pipe);
        self->write(pipe);
      });
}

void RelayConnection::finish(Pipe& pipe) {
  if (!pipe.ended) {
    return;
  }
  error_code ignored;  // the receiver may have closed already
  pipe.to.shutdown(Socket::shutdown_send, ignored);
  if (forward_.ended && back_.ended && forward_.queue.empty() && back_.queue.empty()) {
    close();
  }
}

}  // namespace sluice::lab
