// Owns the connection to the broker and stands between it and Paho: PUBLISH packets go straight to
// the inlet and are acknowledged here, once they are settled; everything else passes to Paho, which
// stays in charge of the session. See docs/decisions/0001-broker-link.md.
#pragma once

#include "core/clock.h"
#include "core/source.h"
#include "net/tls_options.h"
#include "net/url.h"
#include "sources/mqtt_packet.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

class Acknowledgements;

struct BrokerLinkOptions {
  Url url = {};
  TlsOptions tls = {};
  std::string username = {};  // put into Paho's CONNECT in place of the token
  std::string password = {};
  std::size_t max_message_size = 1024UL * 1024;  // a larger PUBLISH is not taken whole
  bool skip_retained = false;  // acknowledge retained messages, do not deliver them
  std::chrono::milliseconds connect_timeout{
      20'000};                         // resolve, connect, TLS and WebSocket together
  std::chrono::milliseconds nap{5};    // rest between two reads while messages flow
  std::chrono::milliseconds quiet{5};  // silence after which owed acknowledgements are hurried
  std::size_t few = 8;  // so many owed acknowledgements may wait for the regular tick
};

// Since the link was made.
struct BrokerLinkCounts {
  std::uint64_t messages = 0;          // handed to the inlet
  std::uint64_t oversize = 0;          // of these: only the beginning, because they are too large
  std::uint64_t retained_skipped = 0;  // acknowledged, not handed over
  std::uint64_t turns = 0;             // see SourceCounts
};

// Told on the link's thread.
class BrokerLinkListener {
 public:
  virtual ~BrokerLinkListener() = default;

  // The connection to the broker could not be made or has ended; `reason` is for a human and says
  // what to do where that is known. Paho learns of it by the end of its own connection.
  virtual void broker_lost(const std::string& reason) = 0;

  // The connection has ended at Paho's wish: its DISCONNECT and everything before it have been
  // sent, or it has gone without one.
  virtual void connection_over() {}
};

// Order:    messages reach the inlet in the order of the stream.
// Promise:  PUBACK and PUBREC leave only for settled messages, in the order of the messages, and in
//           as few writes as settle calls. Every PUBREL is answered with PUBCOMP.
// Memory:   bounded by the inlet's budget, one read buffer and one packet; while the inlet is full
//           nothing is read, and the session is kept alive all the same.
// Security: listens on 127.0.0.1 only; accepts a connection only if its CONNECT carries token() as
//           user name, so that no other local user can borrow the agent's credentials.
// Threads:  everything happens on the one thread that runs `io`. Every method belongs to it, and so
//           does the destructor, unless it says "any thread" or `io` is not running.
class BrokerLink {
 public:
  // All references outlive the link. `acknowledgements` holds what is owed and remembered across
  // connections. Throws std::runtime_error if there is no loopback port to listen on.
  BrokerLink(boost::asio::io_context& io, BrokerLinkOptions options, Inlet& inlet,
             Acknowledgements& acknowledgements, BrokerLinkListener& listener, const Clock& clock);
  ~BrokerLink();  // NOLINT(bugprone-exception-escape): see its definition
  BrokerLink(const BrokerLink&) = delete;
  BrokerLink& operator=(const BrokerLink&) = delete;

  [[nodiscard]] std::uint16_t port() const;        // where Paho connects, on 127.0.0.1
  [[nodiscard]] const std::string& token() const;  // Paho's user name

  // Any thread, never blocks. Tells `acknowledgements` as well.
  void settled(Ticket last);
  void resume();  // any thread, never blocks

  // Reads nothing more from the broker, delivers and flushes what has been read. Acknowledgements
  // still go out as messages settle.
  void stop_reading();

  // Changes the option for what arrives on this connection from now on. A message of which the
  // first copy was meant to be kept is kept when it arrives again (DUP).
  void skip_retained(bool skip);

  // Closes both connections and accepts no further one. The listener is not told.
  void close();

  // Any thread. When the broker last sent a PUBLISH, or accepted a session; the time when the link
  // was made before that.
  [[nodiscard]] Instant last_message() const;
  [[nodiscard]] BrokerLinkCounts counts() const;  // any thread

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;  // Asio's handlers share it
  std::uint16_t port_;
};

}  // namespace sluice
