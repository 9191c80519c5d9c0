// What the tests of the HTTP transport share: blocks, a transport with its io_context, a server.
#pragma once

#include "uplink/http_transport.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace sluice::uplink_tests {

// `count` proper lines from sequence `first`, each of about `line_bytes`, as one zstd frame.
BlockPtr make_block(std::uint64_t first, std::uint32_t count, std::size_t line_bytes = 80);
std::string lines_of(std::uint64_t first, std::uint32_t count, std::size_t line_bytes = 80);

// More than 4 MiB, which no socket buffer holds; the same one each time.
BlockPtr large_block();

HttpTransportOptions options_for(const std::string& url);

// A transport, and the thread of the test as its uplink thread.
class Sender {
 public:
  // Fails the test if it is rejected. `clock` outlives it.
  explicit Sender(const HttpTransportOptions& options, const Clock& clock = system_clock());

  // Sends and waits for the answer.
  Answer send(const BlockPtr& block);
  // Sends, and returns with the answer pending.
  void begin(const BlockPtr& block);
  Answer finish();
  boost::asio::io_context& io() { return io_; }
  [[nodiscard]] Transport& transport() const { return *transport_; }

 private:
  boost::asio::io_context io_;
  std::unique_ptr<Transport> transport_;
  std::optional<Answer> answer_;
};

// The value of a header in a request; empty if it is not there.
std::string header_of(const std::string& request, const std::string& name);

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// With a body that ends as Content-Length says.
std::string reply_of(const std::string& status, const std::string& body,
                     const std::string& headers = "");

// A server that does exactly what a test says, byte by byte; one connection after the other.
class RawServer {
 public:
  class Connection {
   public:
    explicit Connection(int socket) : socket_(socket) {}
    // Head and body; empty if the client has closed the connection.
    std::string read_request();
    // Up to the empty line and with it.
    std::string read_head();
    // At least this many bytes, or fewer at the end of the connection.
    std::string read(std::size_t bytes);
    // False if the client has closed the connection, which is what some tests want to see.
    bool write(const std::string& text) const;  // NOLINT(modernize-use-nodiscard)
    void wait_for_the_end();
    // Closes with a reset instead of an orderly end.
    void reset() const;
    // Carries bytes in both directions to and from 127.0.0.1:port until one side has had enough.
    void relay_to(std::uint16_t port);

   private:
    int socket_;
    std::string ahead_;
  };
  // `number` counts connections from 1. The connection is closed when it returns.
  using Script = std::function<void(Connection& connection, int number)>;

  explicit RawServer(Script script, int receive_buffer = 0);
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string url() const;
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void run();

  Script script_;
  int listener_ = -1;
  std::atomic<int> current_ = -1;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::uplink_tests
