// The tools' side: a client and the real server, or something worse at the other end.
#include "admin/client.h"

#include "admin/json_writer.h"
#include "admin/target.h"
#include "tests/support/process.h"
#include "tests/unit/admin/server_fixture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>

namespace sluice {
namespace {

using testing_support::AdminServerTest;

std::string received(AdminClient& client, const std::string& target) {
  std::string text;
  const Status asked = client.ask(AdminMethod::Get, target, [&](std::string_view piece) -> Status {
    text += piece;
    return {};
  });
  return asked ? text : "error: " + asked.error().message;
}

class AdminClientTest : public AdminServerTest {
 protected:
  Result<AdminClient> connect() { return AdminClient::connect(options_.own_socket); }
};

TEST_F(AdminClientTest, AsksAgainAndAgain) {
  serve("/pieces", {std::string(100'000, 'a'), "b"});
  start();
  auto client = connect();
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(received(*client, "/figures"), "42");
  EXPECT_EQ(received(*client, "/pieces"), std::string(100'000, 'a') + 'b');
  EXPECT_EQ(received(*client, "/records?flow=" + percent_encoded("ä b&c")), "of ä b&c");
}

TEST_F(AdminClientTest, RepeatsTheAgentsWordsWhenItRefuses) {
  serve("/rejects", {}, Error{Reaction::Reject, "no such flow"});
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  EXPECT_EQ(received(*client, "/rejects"), "error: no such flow");
  EXPECT_EQ(received(*client, "/nothing"), "error: there is nothing under this path");
}

TEST_F(AdminClientTest, NoticesAnAnswerThatBreaksOff) {
  serve("/half", {"first"}, Error{Reaction::Fatal, "broken"});
  start();
  auto client = connect();
  ASSERT_TRUE(client);
  EXPECT_TRUE(received(*client, "/half").starts_with("error: the agent has broken off its answer"));
}

TEST_F(AdminClientTest, SaysWhenNobodyIsThere) {
  auto client = connect();
  ASSERT_FALSE(client);
  EXPECT_EQ(client.error().reaction, Reaction::Closed);
  { ASSERT_TRUE(listen_unix(options_.own_socket, Leftover::Replace)); }
  auto leftover = connect();
  ASSERT_FALSE(leftover);
  EXPECT_EQ(leftover.error().reaction, Reaction::Closed);
}

TEST_F(AdminClientTest, DoesNotWaitForEverForAnAgentThatHangs) {
  const Result<ListeningSocket> hanging = listen_unix(options_.own_socket, Leftover::Replace);
  ASSERT_TRUE(hanging);
  auto client = AdminClient::connect(options_.own_socket, std::chrono::milliseconds(50));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_TRUE(received(*client, "/livez").starts_with("error: the agent does not answer"));
}

TEST(JsonWriter, WritesWhatItIsTold) {
  JsonWriter json;
  json.begin_object().field("a", 1).field("b", "x\"\n\\").key("c").begin_array();
  json.value(true).value(-2).null().begin_object().end_object().end_array();
  json.field("d", std::string("caf\xC3\xA9")).field("e", std::string("\xFF")).end_object();
  EXPECT_EQ(json.text(),
            "{\"a\":1,\"b\":\"x\\\"\\u000a\\\\\",\"c\":[true,-2,null,{}],\"d\":\"café\","
            "\"e\":\"\\ufffd\"}");
}

TEST(JsonWriter, WritesNumbersAsTheyAreReadBack) {
  JsonWriter json;
  json.begin_array().value(0.1).value(3.0).value(-2.5e-9).value(1e300);
  json.value(std::numeric_limits<double>::infinity()).value(std::nan("")).end_array();
  EXPECT_EQ(json.text(), "[0.1,3,-2.5e-09,1e+300,null,null]");
}

}  // namespace
}  // namespace sluice
