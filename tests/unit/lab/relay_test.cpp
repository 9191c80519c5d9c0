#include "tests/lab/relay.h"

#include "tests/support/process.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace sluice::lab {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;
using testing_support::eventually;

// A client and a server with the relay between them, as plain sockets.
class RelayTest : public testing::Test {
 protected:
  RelayTest() { connect(); }

  void connect() {
    client_.emplace(context_);
    server_.emplace(context_);
    client_->connect({boost::asio::ip::address_v4::loopback(), relay_.port()});
    acceptor_.accept(*server_);
  }

  static void send(tcp::socket& socket, const std::string& text) {
    boost::asio::write(socket, boost::asio::buffer(text));
  }
  static std::string receive(tcp::socket& socket, std::size_t size) {
    std::string text(size, '\0');
    boost::asio::read(socket, boost::asio::buffer(text));
    return text;
  }
  // Waits for the connection to end.
  static error_code end_of(tcp::socket& socket) {
    char byte = 0;
    error_code error;
    boost::asio::read(socket, boost::asio::buffer(&byte, 1), error);
    return error;
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  Relay relay_{{.port = acceptor_.local_endpoint().port()}};
  std::optional<tcp::socket> client_;
  std::optional<tcp::socket> server_;
};

TEST_F(RelayTest, PassesBytesOnInBothDirections) {
  send(*client_, "hello");
  EXPECT_EQ(receive(*server_, 5), "hello");
  send(*server_, "good morning");
  EXPECT_EQ(receive(*client_, 12), "good morning");
  EXPECT_TRUE(eventually([this] { return relay_.bytes(Direction::Back) == 12; }));
  EXPECT_EQ(relay_.bytes(Direction::Forward), 5U);
}

TEST_F(RelayTest, PassesOnTheEndOfOneDirectionWhileTheOtherGoesOn) {
  send(*client_, "last words");
  client_->shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(receive(*server_, 10), "last words");
  EXPECT_EQ(end_of(*server_), boost::asio::error::eof);
  send(*server_, "answer");
  EXPECT_EQ(receive(*client_, 6), "answer");
  server_->shutdown(tcp::socket::shutdown_send);
  EXPECT_EQ(end_of(*client_), boost::asio::error::eof);
  EXPECT_TRUE(eventually([this] { return relay_.open_connections() == 0; }));
}

TEST_F(RelayTest, ResetsBothSidesWhenCutAndLetsThemConnectAgain) {
  relay_.cut();
  EXPECT_EQ(end_of(*client_), boost::asio::error::connection_reset);
  EXPECT_EQ(end_of(*server_), boost::asio::error::connection_reset);
  connect();
  send(*client_, "again");
  EXPECT_EQ(receive(*server_, 5), "again");
  EXPECT_EQ(relay_.connections(), 2U);
}

TEST_F(RelayTest, ResetsEveryNewConnectionWhileRefusing) {
  relay_.refuse(true);
  tcp::socket turned_away(context_);
  turned_away.connect({boost::asio::ip::address_v4::loopback(), relay_.port()});
  EXPECT_EQ(end_of(turned_away), boost::asio::error::connection_reset);
  relay_.refuse(false);
  connect();
  send(*client_, "let in");
  EXPECT_EQ(receive(*server_, 6), "let in");
}

TEST_F(RelayTest, ShowsBytesBeforeTheyArriveSoThatACutThereHoldsThemBack) {
  std::string seen;  // the relay's thread writes it before the end of the connection, we read after
  relay_.on_bytes([&](Direction direction, std::span<const std::uint8_t> bytes) {
    if (direction == Direction::Back) {
      seen.append(bytes.begin(), bytes.end());
      relay_.cut();
    }
  });
  send(*client_, "question");
  EXPECT_EQ(receive(*server_, 8), "question");
  send(*server_, "PUBACK");
  EXPECT_EQ(end_of(*client_), boost::asio::error::connection_reset);
  relay_.on_bytes(nullptr);
  EXPECT_EQ(seen, "PUBACK");
  EXPECT_EQ(relay_.bytes(Direction::Back), 0U);
}

TEST_F(RelayTest, HoldsOneDirectionBackWhilePausedAndLosesNothing) {
  relay_.pause(Direction::Forward);
  send(*client_, "held back");
  for (int i = 0; i < 20;
       ++i) {  // the other direction is alive, and slower than a paused one leaks
    send(*server_, "x");
    EXPECT_EQ(receive(*client_, 1), "x");
  }
  EXPECT_EQ(relay_.bytes(Direction::Forward), 0U);
  EXPECT_EQ(server_->available(), 0U);
  relay_.resume(Direction::Forward);
  EXPECT_EQ(receive(*server_, 9), "held back");
}

TEST_F(RelayTest, MakesTheSenderWaitWhilePaused) {
  relay_.pause(Direction::Forward);
  client_->non_blocking(true);
  const std::string plenty(1024UL * 1024, 'x');
  error_code error;
  std::size_t sent = 0;
  // No socket buffer is as large as this, so the loop ends only if the relay reads no more.
  while (!error && sent < (256UL << 20U)) {
    sent += client_->write_some(boost::asio::buffer(plenty), error);
  }
  EXPECT_EQ(error, boost::asio::error::would_block);
  relay_.resume(Direction::Forward);
  EXPECT_EQ(receive(*server_, sent), std::string(sent, 'x'));
}

TEST_F(RelayTest, PassesOnInSmallPiecesWhenThrottledAndKeepsTheOrder) {
  std::vector<std::size_t> pieces;  // the relay's thread writes, we read when it shows no more
  relay_.on_bytes([&](Direction /*direction*/, std::span<const std::uint8_t> bytes) {
    pieces.push_back(bytes.size());
  });
  constexpr std::size_t kTwentiethOfASecond = 1000;
  relay_.throttle(Direction::Forward, kTwentiethOfASecond * 20);
  std::string text;
  for (int i = 0; i < 500; ++i) {
    text += std::to_string(i) + ' ';
  }
  send(*client_, text);
  EXPECT_EQ(receive(*server_, 1000), text.substr(0, 1000));
  relay_.throttle(Direction::Forward, 0);
  EXPECT_EQ(receive(*server_, text.size() - 1000), text.substr(1000));
  relay_.on_bytes(nullptr);
  ASSERT_FALSE(pieces.empty());
  EXPECT_EQ(pieces.front(), kTwentiethOfASecond);
}

TEST_F(RelayTest, DeliversEverythingInOrderWhenDelayed) {
  relay_.delay(std::chrono::milliseconds(5));
  for (int i = 0; i < 10; ++i) {
    send(*client_, std::to_string(i));
  }
  EXPECT_EQ(receive(*server_, 10), "0123456789");
}

TEST(Relay, ResetsTheClientIfTheServerIsNotThere) {
  Relay relay({.port = testing_support::free_port()});
  boost::asio::io_context context;
  tcp::socket client(context);
  client.connect({boost::asio::ip::address_v4::loopback(), relay.port()});
  char byte = 0;
  error_code error;
  boost::asio::read(client, boost::asio::buffer(&byte, 1), error);
  EXPECT_EQ(error, boost::asio::error::connection_reset);
}

TEST(Relay, SaysIfItCannotListen) {
  const Relay first({.port = 1});
  EXPECT_THROW(Relay({.listen = first.port(), .port = 1}), std::runtime_error);
}

}  // namespace
}  // namespace sluice::lab
