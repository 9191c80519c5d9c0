#include "tests/lab/balance.h"
#include "tests/lab/drain.h"
#include "tests/lab/interrupts.h"
#include "tests/lab/misbehaviour.h"
#include "tests/lab/receiver_account.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <csignal>
#include <sstream>

namespace sluice::lab {
namespace {

using boost::asio::ip::tcp;
using std::chrono::seconds;

// Sends numbers first..last of one device as a block, and returns the status of the answer.
int post(const Receiver& receiver, std::uint64_t first_seq, std::uint64_t first,
         std::uint64_t last) {
  std::string lines;
  for (std::uint64_t n = first; n <= last; ++n) {
    lines += R"({"seq":)" + std::to_string(first_seq + n - first) +
             R"(,"ts":1,"topic":"t","data":{"device":"dev-000","n":)" + std::to_string(n) + "}}\n";
  }
  const std::string request =
      "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSluice-First-Seq: " +
      std::to_string(first_seq) + "\r\nSluice-Count: " + std::to_string(last - first + 1) +
      "\r\nContent-Length: " + std::to_string(lines.size()) + "\r\n\r\n" + lines;
  boost::asio::io_context context;
  tcp::socket socket(context);
  socket.connect({boost::asio::ip::address_v4::loopback(), receiver.port()});
  boost::asio::write(socket, boost::asio::buffer(request));
  std::string answer;
  boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), "\r\n");
  std::istringstream text(answer);
  std::string version;
  int status = 0;
  text >> version >> status;
  return status;
}

Ranges range(std::uint64_t first, std::uint64_t last) {
  Ranges ranges;
  ranges.insert(first, last);
  return ranges;
}

TEST(ReceiverAccount, GoesOnWhereTheReceiverBeforeStopped) {
  ReceiverReport before;
  {
    Receiver receiver({});
    ReceiverAccount account(receiver, {});
    ASSERT_EQ(post(receiver, 1, 0, 9), 200);
    ASSERT_EQ(post(receiver, 11, 8, 11), 200);  // two of them again
    ASSERT_EQ(post(receiver, 15, 20, 20), 200);
    receiver.stop();
    before = account.update();
  }
  EXPECT_EQ(before.counts.records, 15U);
  EXPECT_EQ(before.counts.distinct, 13U);
  EXPECT_EQ(before.counts.duplicates, 2U);
  EXPECT_EQ(before.counts.gaps, 8U);

  Receiver receiver({});
  ReceiverAccount account(receiver, before);
  ASSERT_EQ(post(receiver, 16, 10, 15), 200);  // two of them known to the one before only
  receiver.stop();
  const ReceiverReport after = account.update();
  EXPECT_EQ(after.counts.requests, 4U);
  EXPECT_EQ(after.counts.records, 21U);
  EXPECT_EQ(after.counts.distinct, 17U);
  EXPECT_EQ(after.counts.duplicates, 4U);
  EXPECT_EQ(after.counts.gaps, 4U);
  Ranges expected = range(0, 15);
  expected.insert(20);
  EXPECT_EQ(after.received.at("dev-000").spans(), expected.spans());
}

TEST(ReceiverAccount, LeavesOutWhatWasRefused) {
  Receiver receiver({});
  receiver.follow(script_of({.answer = 503, .retry_after = 1}));
  ReceiverAccount account(receiver, {});
  EXPECT_EQ(post(receiver, 1, 0, 9), 503);
  receiver.stop();
  EXPECT_EQ(account.update().counts.refused, 1U);
  EXPECT_EQ(account.update().counts.records, 0U);
  EXPECT_TRUE(account.update().received.empty());
}

TEST(Misbehaviour, HappensAtEveryKthRequestOnly) {
  const Receiver::Script script = script_of(
      {.answer = 429, .retry_after = 7, .every = 3, .delay = std::chrono::milliseconds(5)});
  std::vector<int> answers;
  for (int i = 0; i < 6; ++i) {
    answers.push_back(script({}, {}).status);
  }
  EXPECT_EQ(answers, (std::vector<int>{200, 200, 429, 200, 200, 429}));
  EXPECT_EQ(script({}, {}).delay, std::chrono::milliseconds(5));
  EXPECT_EQ(script_of({.answer = 429, .retry_after = 7})({}, {}).retry_after, "7");
  EXPECT_TRUE(script_of({.hang = true})({}, {}).hang);
  EXPECT_TRUE(script_of({.close = true})({}, {}).close);
}

TEST(Misbehaviour, EndsWhenItsTimeIsUp) {
  EXPECT_EQ(script_of({.answer = 503, .seconds = 1e6})({}, {}).status, 503);
  EXPECT_EQ(script_of({.answer = 503, .seconds = 0.0})({}, {}).status, 200);
}

TEST(Balance, NamesWhatIsAcknowledgedAndHasNotArrived) {
  LoadReport load;
  load.acked = {{"dev-000", range(0, 9)}, {"dev-001", range(0, 4)}};
  ReceiverReport received;
  received.received = {{"dev-000", range(0, 7)}, {"dev-001", range(1, 6)}};
  received.counts.records = 20;
  received.counts.duplicates = 6;
  const Balance now = balance(load, received);
  EXPECT_EQ(now.numbered, 15U);
  EXPECT_EQ(now.arrived(), 14U);
  EXPECT_EQ(total(now.missing), 3U);
  EXPECT_EQ(first_of(now.missing, 5), "dev-000 8-9, dev-001 0");
  EXPECT_EQ(first_of(now.missing, 1), "dev-000 8-9, …");
}

TEST(Balance, ShowsNoCostWithoutMessages) {
  EXPECT_EQ(microseconds_per(1.5, 0), "-");
  EXPECT_EQ(microseconds_per(1.5, 500'000), "3.00");
}

class DrainTest : public testing::Test {
 protected:
  static Balance missing_some(std::uint64_t records) {
    Balance now;
    now.received.records = records;
    now.missing = {{"dev-000", range(5, 5)}};
    return now;
  }
  Drain::Instant start_ = std::chrono::steady_clock::now();
};

TEST_F(DrainTest, IsDoneWhenNothingIsMissingAndTheLoadHasEnded) {
  Drain drain(1, seconds(30));
  EXPECT_EQ(drain.look(Balance{}, true, start_), Drain::State::Going);
  EXPECT_EQ(drain.look(missing_some(3), false, start_), Drain::State::Going);
  EXPECT_EQ(drain.look(Balance{}, false, start_), Drain::State::Done);
}

TEST_F(DrainTest, IsStuckOnlyWhenNothingMovesForTooLong) {
  Drain drain(1, seconds(30));
  EXPECT_EQ(drain.look(missing_some(1), false, start_), Drain::State::Going);
  EXPECT_EQ(drain.look(missing_some(2), false, start_ + seconds(29)), Drain::State::Going);
  EXPECT_EQ(drain.look(missing_some(2), false, start_ + seconds(58)), Drain::State::Going);
  EXPECT_EQ(drain.look(missing_some(2), false, start_ + seconds(59)), Drain::State::Stuck);
}

TEST_F(DrainTest, TakesWhatHasArrivedForAllWithQos0) {
  Drain drain(0, seconds(5));
  Balance now;
  now.load.published = 10;
  now.received.records = 9;
  EXPECT_EQ(drain.look(now, false, start_), Drain::State::Going);
  EXPECT_EQ(drain.look(now, false, start_ + seconds(5)), Drain::State::Done);
  Drain complete(0, seconds(5));
  now.received.records = 10;
  EXPECT_EQ(complete.look(now, false, start_), Drain::State::Done);
}

TEST(Interrupts, CountSignalsAndEndAWait) {
  const Interrupts interrupts;
  EXPECT_EQ(interrupts.count(), 0);
  raise(SIGTERM);
  raise(SIGINT);
  interrupts.wait(std::chrono::hours(1));
  EXPECT_EQ(interrupts.count(), 2);
}

}  // namespace
}  // namespace sluice::lab
