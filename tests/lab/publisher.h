// One MQTT connection that publishes, and loses no message that it has taken over: what is not
// acknowledged when the connection breaks is sent again, under the same packet id.
#pragma once

#include "sources/mqtt_packet.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::lab {

// Which message it was. Without meaning to the publisher.
struct Mark {
  unsigned device = 0;
  std::uint64_t n = 0;
  bool counts = false;
};

struct Draft {
  std::string_view topic;
  std::string_view payload;  // valid until the next one
  Mark mark;
};

// Where a publisher gets its messages from. Called on the publisher's thread.
class Load {
 public:
  virtual ~Load() = default;

  virtual std::optional<Draft> next(unsigned publisher) = 0;       // nothing: none is due
  virtual void acknowledged(const Mark& mark, bool accepted) = 0;  // exactly once for each
  virtual void sent_again() = 0;
  virtual void failed(const std::string& problem) = 0;  // the connection; it will try again
};

struct PublisherOptions {
  std::string host;
  std::string port;
  std::string username;
  std::string password;
  std::string client_id;
  MqttVersion protocol = MqttVersion::V5;
  std::uint8_t qos = 1;
  std::uint16_t window = 100;  // unacknowledged messages; the broker may want fewer
};

// Belongs to the thread of its io_context, which must have stopped before it is destroyed.
class Publisher {
 public:
  Publisher(boost::asio::io_context& context, const PublisherOptions& options, unsigned index,
            Load& load);

  void connect();
  void pump();   // sends what is due, as far as the window allows
  void leave();  // says good-bye and closes

  [[nodiscard]] bool connected() const { return connected_; }
  [[nodiscard]] std::uint64_t connects() const { return connects_; }
  // Nothing is under way: all is acknowledged, or with QoS 0 written.
  [[nodiscard]] bool idle() const { return in_flight_ == 0 && out_.empty() && !writing_; }

 private:
  enum class State : std::uint8_t { Free, Published, Released };
  struct Slot {
    State state = State::Free;
    Mark mark;
    std::uint64_t order = 0;
    std::vector<std::uint8_t> packet;
  };

  [[nodiscard]] bool has_room() const;
  void send(const Draft& draft);
  void resume(bool session_present);
  void flush();
  void read();
  bool take_packets();
  bool take(const PacketHeader& header, std::span<const std::uint8_t> body);
  bool take_connack(std::span<const std::uint8_t> body);
  void take_acknowledgement(PacketType type, std::span<const std::uint8_t> body);
  void say_hello();
  void drop(const std::string& problem);

  PublisherOptions options_;
  unsigned index_;
  Load& load_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer retry_;
  std::uint64_t generation_ = 0;  // of the socket: a handler of an earlier one does nothing
  bool connected_ = false;        // CONNACK has come
  std::uint64_t connects_ = 0;
  std::size_t limit_ = 0;  // options_.window, or less

  std::vector<Slot> slots_;          // packet id - 1
  std::vector<std::uint16_t> free_;  // packet ids
  std::size_t in_flight_ = 0;
  std::uint64_t order_ = 0;

  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> being_written_;
  bool writing_ = false;
  std::vector<std::uint8_t> in_;
  std::size_t in_size_ = 0;
};

}  // namespace sluice::lab
