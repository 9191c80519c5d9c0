// One connection through the relay. Everything here belongs to the relay's thread.
#pragma once

#include "tests/lab/relay.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace sluice::lab {

// What the relay has been told to do with a direction, and what it has done.
struct RelayLane {
  bool paused = false;
  std::size_t bytes_per_second = 0;  // 0: no limit
  std::chrono::milliseconds delay{0};
  std::atomic<std::uint64_t> bytes = 0;
};

struct RelayState {
  std::array<RelayLane, 2> lanes;
  Relay::Observer observer;

  RelayLane& lane(Direction direction) { return lanes[direction == Direction::Forward ? 0 : 1]; }
};

class RelayConnection : public std::enable_shared_from_this<RelayConnection> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Ended = std::function<void(const std::shared_ptr<RelayConnection>&)>;

  // `state` outlives the connection; `ended` is called once, when it is closed.
  RelayConnection(Socket client, RelayState& state, Ended ended);

  void connect(const boost::asio::ip::tcp::resolver::results_type& server);
  void cut();   // resets both sides
  void kick();  // the lanes have changed

 private:
  struct Chunk {
    std::chrono::steady_clock::time_point due;
    std::vector<std::uint8_t> bytes;
  };
  // What travels in one direction.
  struct Pipe {
    Pipe(Direction way, Socket& source, Socket& target)
        : direction(way), from(source), to(target), timer(source.get_executor()) {}

    Direction direction;
    Socket& from;
    Socket& to;
    boost::asio::steady_timer timer;
    std::vector<std::uint8_t> buffer;
    std::deque<Chunk> queue;
    std::size_t queued = 0;
    std::size_t written = 0;                           // of the first chunk
    std::chrono::steady_clock::time_point not_before;  // the throttle's
    bool reading = false;
    bool writing = false;  // or waiting to
    bool ended = false;    // the sender has finished; the queue may still hold bytes
  };

  void read(Pipe& pipe);
  void write(Pipe& pipe);
  void wait(Pipe& pipe, std::chrono::steady_clock::time_point until);
  void pass_on(Pipe& pipe);
  void finish(Pipe& pipe);
  void close();

  RelayState& state_;
  Ended ended_;
  Socket client_;
  Socket server_;
  Pipe forward_;
  Pipe back_;
  bool open_ = true;
};

}  // namespace sluice::lab
