// The HTTP transport and destinations that do strange things with a connection.
#include "core/mutex.h"
#include "tests/unit/uplink/sending.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <future>
#include <random>
#include <vector>

namespace sluice::uplink_tests {
namespace {

using boost::asio::ip::tcp;
using std::chrono::milliseconds;
using Connection = RawServer::Connection;

// One request, one answer, end of the connection.
Answer answer_to(const std::string& reply, milliseconds timeout = std::chrono::seconds(20)) {
  RawServer server([&](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write(reply);
  });
  HttpTransportOptions options = options_for(server.url());
  options.timeout = timeout;
  return Sender(options).send(make_block(1, 3));
}

TEST(HttpConnection, IsUsedForManyBlocks) {
  RawServer server([](Connection& connection, int /*number*/) {
    while (!connection.read_request().empty()) {
      connection.write(kOk);
    }
  });
  Sender sender(options_for(server.url()));
  for (std::uint64_t i = 1; i <= 50; ++i) {
    ASSERT_EQ(sender.send(make_block(i, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpConnection, MayBeClosedByTheServerBetweenTwoBlocks) {
  RawServer server([](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write(kOk);
  });
  Sender sender(options_for(server.url()));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    const Answer answer = sender.send(make_block(i, 1));
    ASSERT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  EXPECT_EQ(server.connections(), 5);
}

TEST(HttpConnection, IsReplacedAtOnceIfItEndsWhileABlockIsOnItsWay) {
  std::promise<std::string> first;
  std::promise<std::string> second;
  RawServer server([&](Connection& connection, int number) {
    if (number == 1) {
      connection.read_request();
      connection.write(kOk);
      first.set_value(connection.read_request());
      connection.reset();
    } else {
      second.set_value(connection.read_request());
      connection.write(kOk);
      connection.wait_for_the_end();
    }
  });
  Sender sender(options_for(server.url()));
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  ASSERT_EQ(sender.send(make_block(2, 5)).verdict, Verdict::Confirmed);
  const std::string request = first.get_future().get();
  EXPECT_FALSE(request.empty());
  EXPECT_EQ(second.get_future().get(), request);
}

TEST(HttpConnection, IsReplacedOnlyOnce) {
  RawServer server([](Connection& connection, int number) {
    if (number == 1) {
      connection.read_request();
      connection.write(kOk);
    }
    connection.read_request();
  });
  Sender sender(options_for(server.url()));
  ASSERT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  const Answer answer = sender.send(make_block(2, 1));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "the server closed the connection without an answer");
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpConnection, IsNotUsedAgainWhenTheServerSaysClose) {
  RawServer server([](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok");
    connection.wait_for_the_end();  // it is the client who closes
  });
  Sender sender(options_for(server.url()));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpConnection, IsNotUsedAgainWhenMoreThanTheAnswerCame) {
  RawServer server([](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write(kOk + kOk);
    connection.wait_for_the_end();
  });
  Sender sender(options_for(server.url()));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(server.connections(), 2);
}

TEST(HttpAnswer, MayComeInAnyLegalForm) {
  for (const char* reply :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\n\r\nuntil the end", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
         "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok")}) {
    const Answer answer = answer_to(reply);
    EXPECT_EQ(answer.verdict, Verdict::Confirmed) << reply << answer.detail;
  }
}

TEST(HttpAnswer, IsNoneUntilItIsComplete) {
  const std::string reply =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
  for (std::size_t size = 0; size < reply.size(); ++size) {
    const Answer answer = answer_to(reply.substr(0, size));
    EXPECT_EQ(answer.verdict, Verdict::Retry) << size << ' ' << answer.detail;
  }
  EXPECT_EQ(answer_to(reply).verdict, Verdict::Confirmed);
}

TEST(HttpAnswer, IsNoneIfItIsGarbage) {
  for (const std::string& reply :
       {std::string("SSH-2.0-OpenSSH_9.2p1\r\n"), std::string(100'000, '\0'),
        std::string("HTTP/1.1 abc\r\n\r\n"), std::string("HTTP/9.9 200 OK\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n\r\n")}) {
    const Answer answer = answer_to(reply);
    EXPECT_EQ(answer.verdict, Verdict::Retry) << reply.substr(0, 40) << answer.detail;
    EXPECT_FALSE(answer.detail.empty());
  }
}

TEST(HttpAnswer, MayNotHaveEndlessHeaders) {
  const Answer answer =
      answer_to("HTTP/1.1 200 OK\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: " +
                      std::string(15'000, 'x') + "\r\n\r\n")
                .verdict,
            Verdict::Confirmed);
}

TEST(HttpAnswer, MayNotBePrecededByEndlessInterimOnes) {
  std::string many;
  for (int i = 0; i < 1000; ++i) {
    many += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  EXPECT_EQ(answer_to(many + kOk).verdict, Verdict::Retry);
}

TEST(HttpAnswer, IsKeptInPartIfItIsHuge) {
  constexpr std::size_t kHuge = 40UL * 1024 * 1024;
  std::size_t read_by_client = 0;
  RawServer server([&](Connection& connection, int /*number*/) {
    connection.read_request();
    connection.write("HTTP/1.1 400 Bad Request\r\nContent-Length: " + std::to_string(kHuge) +
                     "\r\n\r\n");
    const std::string piece(64UL * 1024, 'x');
    for (; read_by_client < kHuge; read_by_client += piece.size()) {
      connection.write(piece);  // fails quietly once the client has had enough
    }
  });
  Sender sender(options_for(server.url()));
  const Answer answer = sender.send(make_block(1, 1));
  EXPECT_EQ(answer.verdict, Verdict::Refused);
  EXPECT_EQ(answer.detail.size(), std::string("400 Bad Request: ").size() + 4096);
}

TEST(HttpAnswer, OfAMegabyteLeavesTheConnectionOpen) {
  const std::string text(1'000'000, 'x');
  RawServer server([&](Connection& connection, int /*number*/) {
    while (!connection.read_request().empty()) {
      connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + text);
    }
  });
  Sender sender(options_for(server.url()));
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpAnswer, CountsEvenIfTheServerHasNotReadTheRequest) {
  RawServer server([](Connection& connection, int number) {
    if (number == 1) {
      constexpr std::size_t kBeginning = 2000;  // all of the head, and some of the body
      const std::string begin = connection.read(kBeginning);
      connection.write("HTTP/1.1 413 Payload Too Large\r\nContent-Length: 0\r\n\r\n");
      const std::size_t head = begin.find("\r\n\r\n") + 4;
      const std::string length = "Content-Length: ";
      const std::size_t body = std::stoul(begin.substr(begin.find(length) + length.size()));
      connection.read(head + body - kBeginning);
    }
    // A client that had sent everything when the answer came may keep the connection.
    if (!connection.read_request().empty()) {
      connection.write(kOk);
    }
  });
  Sender sender(options_for(server.url()));
  const BlockPtr large = large_block();
  ASSERT_GT(large->data.size(), 4UL * 1024 * 1024);
  EXPECT_EQ(sender.send(large).verdict, Verdict::TooLarge);
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST(HttpAnswer, CannotConfirmWhatTheServerHasNotRead) {
  std::promise<void> over;
  RawServer server(
      [end = over.get_future().share()](Connection& connection, int /*number*/) {
        connection.read(100);
        connection.write(kOk);
        end.wait();  // and reads no more, or the request might be complete before the answer is
                     // seen
      },
      4096);
  Sender sender(options_for(server.url()));
  const Answer answer = sender.send(large_block());
  over.set_value();
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "the server answered 200 before it had the whole request");
}

TEST(HttpAnswer, MayBeAnythingAtAll) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::array<std::string, 3> samples{
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nRetry-After: 7\r\n\r\nhello",
      "HTTP/1.1 429 Slow\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 "
      "08:49:38 GMT\r\nConnection: close\r\n\r\nwait",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;x=y\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"};
  Mutex mutex;
  std::string reply;
  RawServer server([&](Connection& connection, int /*number*/) {
    connection.read_request();
    std::string copy;
    {
      const MutexLock lock(mutex);
      copy = reply;
    }
    connection.write(copy);
  });
  Sender sender(options_for(server.url()));
  for (int i = 0; i < 1000; ++i) {
    std::string changed = samples.at(random() % samples.size());
    for (auto changes = random() % 5; changes > 0; --changes) {
      const std::size_t at = random() % changed.size();
      switch (random() % 3) {
        case 0:
          changed[at] = static_cast<char>(random());
          break;
        case 1:
          changed.erase(at, random() % 10);
          break;
        default:
          changed.insert(at, changed.substr(random() % changed.size(), random() % 50));
          break;
      }
      changed += '\n';  // never empty
    }
    sender.transport().cancel();  // so that the server waits for a new connection
    {
      const MutexLock lock(mutex);
      reply = changed;
    }
    EXPECT_FALSE(sender.send(make_block(1, 1)).detail.empty()) << changed;
  }
}

TEST(HttpAnswer, MustBeCompleteInTime) {
  for (const char* part :
       {"", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"}) {
    RawServer server([part](Connection& connection, int /*number*/) {
      connection.read_request();
      connection.write(part);
      connection.wait_for_the_end();
    });
    HttpTransportOptions options = options_for(server.url());
    options.timeout = milliseconds(50);
    const Answer answer = Sender(options).send(make_block(1, 1));
    EXPECT_EQ(answer.verdict, Verdict::Retry);
    EXPECT_EQ(answer.detail, "no answer within 0.05 s");
  }
}

TEST(HttpRequest, EndsWithTheTimeOutIfTheServerDoesNotReadIt) {
  std::promise<void> over;
  RawServer server(
      [end = over.get_future().share()](Connection& /*connection*/, int /*number*/) { end.wait(); },
      4096);
  HttpTransportOptions options = options_for(server.url());
  options.timeout = milliseconds(50);
  const Answer answer = Sender(options).send(large_block());
  over.set_value();
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_EQ(answer.detail, "the server took too little of the request within 0.05 s");
}

// Reads a portion at fixed times, up to the bytes `end`. Lives on the thread of the sender, so that
// a machine under load holds up both or none.
class SlowReader {
 public:
  SlowReader(boost::asio::io_context& io, std::string end)
      : end_(std::move(end)), acceptor_(io), socket_(io), timer_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.set_option(boost::asio::socket_base::receive_buffer_size(512 * 1024));
    acceptor_.bind({boost::asio::ip::address_v4::loopback(), 0});
    acceptor_.listen();
    acceptor_.async_accept(socket_, [this](const boost::system::error_code& failure) {
      socket_.non_blocking(true);
      read(failure);
    });
  }
  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  [[nodiscard]] int portions() const { return portions_; }

 private:
  void read(const boost::system::error_code& failure) {
    if (failure) {
      return;
    }
    boost::system::error_code nothing_there;
    const std::size_t got = socket_.read_some(boost::asio::buffer(portion_), nothing_there);
    ++portions_;
    tail_.append(portion_.data(), got);
    tail_.erase(0, tail_.size() - std::min(tail_.size(), end_.size()));
    if (tail_ == end_) {
      boost::asio::write(socket_, boost::asio::buffer(kOk));
      return;
    }
    timer_.expires_after(milliseconds(10));
    timer_.async_wait([this](const boost::system::error_code& cancelled) { read(cancelled); });
  }

  std::string end_;  // of the request
  std::string tail_;
  std::vector<char> portion_ = std::vector<char>(128UL * 1024);
  int portions_ = 0;
  tcp::acceptor acceptor_;
  tcp::socket socket_;
  boost::asio::steady_timer timer_;
};

TEST(HttpRequest, MayTakeLongerThanTheTimeOutAsLongAsItMoves) {
  const BlockPtr block = large_block();
  // Each portion takes 10 ms or more: all of them take several time-outs.
  ASSERT_GT(block->data.size(), 30UL * 128 * 1024);
  boost::asio::io_context io;
  HttpTransportOptions options = options_for("http://127.0.0.1/");
  options.timeout = milliseconds(100);
  SlowReader reader(io, block->data.substr(block->data.size() - 16));
  options.url.port = std::to_string(reader.port());
  const SenderIdentity identity{
      .agent = "gateway-7", .epoch = 1, .flows = {"telemetry"}, .flow_configs = {}};
  const auto transport = make_http_transport(io, options, identity);
  ASSERT_TRUE(transport);
  std::optional<Answer> answer;
  (*transport)->send({.block = block}, [&](const Answer& got) { answer = got; });
  while (!answer && io.run_one_for(std::chrono::seconds(30)) > 0) {
  }
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Verdict::Confirmed) << answer->detail;
  EXPECT_GT(reader.portions(), 20);
}

}  // namespace
}  // namespace sluice::uplink_tests
