// How the HTTP transport proves who it is, with secrets that are replaced while it runs.
#include "uplink/http_credentials.h"

#include "tests/lab/receiver.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/sending.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace sluice::uplink_tests {
namespace {

using Connection = RawServer::Connection;
using testing_support::TempDirectory;

// The Authorization header of one request; "rejected: …" or the answer's words if there was none.
std::string authorization_of(const HttpTransportOptions& options) {
  std::string request;
  RawServer server([&](Connection& connection, int /*number*/) {
    request = connection.read_request();
    connection.write(kOk);
  });
  HttpTransportOptions to_server = options;
  to_server.url.host = "127.0.0.1";
  to_server.url.port = std::to_string(server.port());
  boost::asio::io_context io;
  const SenderIdentity identity{.agent = "a", .epoch = 1, .flows = {"f"}, .flow_configs = {}};
  if (const auto transport = make_http_transport(io, to_server, identity); !transport) {
    return "rejected: " + transport.error().message;
  }
  const Answer answer = Sender(to_server).send(make_block(1, 1));
  return answer.verdict == Verdict::Confirmed ? header_of(request, "Authorization") : answer.detail;
}

HttpTransportOptions with(const HttpAuth& auth) {
  HttpTransportOptions options = options_for("http://h/");
  options.auth = auth;
  return options;
}

TEST(HttpCredentials, GoIntoTheHeader) {
  EXPECT_EQ(authorization_of(options_for("http://h/")), "");
  EXPECT_EQ(authorization_of(with({.bearer = "t0ken", .username = "", .password = ""})),
            "Bearer t0ken");
  EXPECT_EQ(
      authorization_of(with({.bearer = "", .username = "Aladdin", .password = "open sesame"})),
      "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(authorization_of(options_for("http://Aladdin:open%20sesame@h/")),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(HttpCredentials, GiveWayToAHeaderOfTheUsersOwn) {
  HttpTransportOptions options = options_for("http://user:password@h/");
  options.headers = {{"authorization", "Splunk x"}};
  EXPECT_EQ(authorization_of(options), "") << "ours is spelled with a capital letter";
}

TEST(HttpCredentials, AreRejectedIfTheyWouldBreakOut) {
  EXPECT_TRUE(authorization_of(with({.bearer = "token\n", .username = "", .password = ""}))
                  .starts_with("rejected: "));
  EXPECT_TRUE(authorization_of(with({.bearer = "", .username = "a:b", .password = ""}))
                  .starts_with("rejected: "));
  EXPECT_TRUE(authorization_of(options_for("http://a%3Ab:c@h/")).starts_with("rejected: "));
}

TEST(HttpCredentials, AreOfOneKind) {
  EXPECT_TRUE(authorization_of(with({.bearer = "token", .username = "user", .password = ""}))
                  .starts_with("rejected: "));
  EXPECT_TRUE(authorization_of(
                  with({.bearer = "token", .username = "", .password = "", .bearer_file = "/x"}))
                  .starts_with("rejected: "));
  EXPECT_TRUE(authorization_of(
                  with({.bearer = "", .username = "user", .password = "x", .password_file = "/x"}))
                  .starts_with("rejected: "));
  EXPECT_TRUE(
      authorization_of(with({.bearer = "", .username = "", .password = "", .password_file = "/x"}))
          .starts_with("rejected: "));
}

TEST(HttpCredentials, AreReadAgainWhenTheirFileChanges) {
  std::vector<std::string> seen;
  RawServer server([&](Connection& connection, int /*number*/) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      seen.push_back(header_of(request, "Authorization"));
      connection.write(kOk);
    }
  });
  const TempDirectory directory;
  const std::string path = directory.file("token");
  HttpTransportOptions options = options_for(server.url());
  options.auth.bearer_file = path;
  {
    Sender sender(options);
    const Answer missing = sender.send(make_block(1, 1));
    EXPECT_EQ(missing.verdict, Verdict::Misconfigured);
    EXPECT_NE(missing.detail.find(path), std::string::npos) << missing.detail;
    std::ofstream(path) << "one\n";
    EXPECT_EQ(sender.send(make_block(1, 1)).verdict, Verdict::Confirmed);
    std::ofstream(path) << "second\n";
    EXPECT_EQ(sender.send(make_block(2, 1)).verdict, Verdict::Confirmed);
    std::filesystem::remove(path);
    EXPECT_EQ(sender.send(make_block(3, 1)).verdict, Verdict::Confirmed);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"Bearer one", "Bearer second", "Bearer second"}));
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpCredentials, MayHaveTheirPasswordInAFile) {
  const TempDirectory directory;
  std::ofstream(directory.file("password")) << "open sesame\n";
  EXPECT_EQ(authorization_of(with({.bearer = "",
                                   .username = "Aladdin",
                                   .password = "",
                                   .bearer_file = {},
                                   .password_file = directory.file("password")})),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

TEST(HttpCredentials, AreNotShownWhenTheServerRepeatsThem) {
  RawServer server([](Connection& connection, int /*number*/) {
    connection.write(
        reply_of("403 Forbidden", "you sent: " + connection.read_request().substr(0, 2000)));
  });
  HttpTransportOptions options = options_for(server.url());
  options.auth.bearer = "hunter2-hunter2";
  const Answer answer = Sender(options).send(make_block(1, 1));
  EXPECT_EQ(answer.detail.find("hunter2"), std::string::npos) << answer.detail;
  EXPECT_NE(answer.detail.find("Authorization: Bearer ***"), std::string::npos) << answer.detail;
}

}  // namespace
}  // namespace sluice::uplink_tests
