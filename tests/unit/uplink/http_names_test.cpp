// The HTTP transport and a name service that fails, or changes its mind.
#include "tests/lab/receiver.h"
#include "tests/unit/uplink/name_service.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

namespace sluice::uplink_tests {
namespace {

std::string url_of(const std::string& host, std::uint16_t port) {
  return "http://" + host + ':' + std::to_string(port) + "/v1/records";
}

TEST(HttpNames, MayNotExistForAWhile) {
  lab::Receiver receiver({});
  name_resolves_to("late.test", "");
  Sender sender(options_for(url_of("late.test", receiver.port())));
  for (int i = 0; i < 5; ++i) {
    const Answer answer = sender.send(make_block(1, 1));
    EXPECT_EQ(answer.verdict, Verdict::Retry);
    EXPECT_TRUE(answer.detail.starts_with("cannot resolve late.test: ")) << answer.detail;
  }
  name_resolves_to("late.test", "127.0.0.1");
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
}

TEST(HttpNames, AreAskedForWithEveryNewConnectionAndOnlyThen) {
  RawServer old([](RawServer::Connection& connection, int number) {
    connection.read_request();
    connection.write(kOk);
    if (number == 1) {
      connection.read_request();
      connection.write(kOk);
    }
  });
  name_resolves_to("moving.test", "127.0.0.1");
  Sender sender(options_for(url_of("moving.test", old.port())));
  const int before = name_questions();
  EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(name_questions(), before + 1);
  // The whole of 127.0.0.0/8 is this machine, but nobody listens on this address.
  name_resolves_to("moving.test", "127.0.0.2");
  const Answer moved = sender.send(make_block(3, 1));
  EXPECT_EQ(moved.verdict, Verdict::Retry);
  EXPECT_NE(moved.detail.find("cannot connect to moving.test"), std::string::npos) << moved.detail;
  name_resolves_to("moving.test", "127.0.0.1");
  EXPECT_EQ(sender.send(make_block(3, 1)).verdict, Verdict::Confirmed);
  EXPECT_EQ(name_questions(), before + 3);
}

}  // namespace
}  // namespace sluice::uplink_tests
