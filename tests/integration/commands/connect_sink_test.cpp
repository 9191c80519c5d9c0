// `sluice check --connect` with real destinations.
#include "tests/integration/commands/program.h"
#include "tests/lab/receiver.h"
#include "tests/support/kafka_cluster.h"
#include "tests/support/mosquitto.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace sluice::testing_support {
namespace {

class ConnectSink : public testing::Test {
 protected:
  // `lines` are those of the sink.
  Outcome check(const std::string& lines, const std::vector<std::string>& flags = {},
                const std::vector<std::string>& environment = {}) {
    const std::string path = directory_.file("sluice.yaml");
    std::ofstream(path) << "sources: {plant: {type: mqtt, url: \"" << url("mqtt", broker_.port())
                        << "\", topics: [t]}}\nflows: {f: {from: [plant], to: [there]}}\n"
                        << "sinks:\n  there:\n"
                        << lines;
    std::vector<std::string> arguments{"check", "--connect", "-c", path};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run_sluice(arguments, environment);
  }
  static std::string url(const std::string& scheme, std::uint16_t port) {
    return scheme + "://127.0.0.1:" + std::to_string(port);
  }
  static std::string http(std::uint16_t port, const std::string& more = "") {
    return "    type: http\n    url: " + url("http", port) + "/in\n" + more;
  }

  TempDirectory directory_;
  Mosquitto broker_;
};

TEST_F(ConnectSink, EndpointThatAnswersIsReachableAndGetsNoRecord) {
  lab::Receiver receiver({});
  const Outcome outcome = check(http(receiver.port()));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      sink there, endpoint " + url("http", receiver.port()) +
                               "/in: reachable, answers 405 to OPTIONS"))
      << outcome.text;
  EXPECT_EQ(receiver.counts().records, 0U);
  EXPECT_EQ(receiver.counts().malformed, 0U);
  EXPECT_EQ(receiver.counts().connections, 1U);
}

TEST_F(ConnectSink, EndpointIsAskedWithTheCredentialsAndHeadersOfADelivery) {
  std::map<std::string, std::string> asked;
  {
    lab::Receiver receiver({});
    receiver.follow([&asked](const auto& headers, const std::string& /*body*/) {
      asked = headers;
      return lab::Behaviour{.status = 204};
    });
    const Outcome outcome =
        check(http(receiver.port(), "    auth: {bearer: t0ken}\n    headers: {X-Site: \"7\"}\n"));
    EXPECT_EQ(outcome.code, 0) << outcome.text;
  }
  EXPECT_EQ(asked["authorization"], "Bearer t0ken");
  EXPECT_EQ(asked["x-site"], "7");
  EXPECT_EQ(asked.count("sluice-first-seq"), 0U);
  EXPECT_EQ(asked.count("sluice-epoch"), 0U);
}

struct StatusCase {
  int status;
  const char* more;
  const char* words;
};
class ConnectStatus : public ConnectSink, public testing::WithParamInterface<StatusCase> {};
INSTANTIATE_TEST_SUITE_P(
    Answer, ConnectStatus,
    testing::Values(StatusCase{401, "", "it wants to know who asks: set `auth`"},
                    StatusCase{401, "    auth: {bearer: x}\n", "does not accept the credentials"},
                    StatusCase{403, "", "have this agent given the right"},
                    StatusCase{404, "", "correct the path in url"},
                    StatusCase{503, "", "a problem of its own"}),
    [](const auto& each) {
      return std::to_string(each.param.status) + (*each.param.more == '\0' ? "" : "WithToken");
    });

TEST_P(ConnectStatus, MeansReachableAndIsExplained) {
  lab::Receiver receiver({});
  receiver.behave({.status = GetParam().status});
  const Outcome outcome = check(http(receiver.port(), GetParam().more));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "reachable, answers " + std::to_string(GetParam().status)))
      << outcome.text;
  EXPECT_TRUE(has(outcome, GetParam().words)) << outcome.text;
}

TEST_F(ConnectSink, ProxyThatWantsCredentialsLetsNothingThrough) {
  lab::Receiver proxy({});
  proxy.behave({.status = 407});
  const Outcome outcome = check("    type: http\n    url: http://ingest.test/in\n    proxy: " +
                                url("http", proxy.port()) + '\n');
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  sink there")) << outcome.text;
  EXPECT_TRUE(has(outcome, "the proxy answers 407")) << outcome.text;
}

TEST_F(ConnectSink, EndpointThatIsNotThereOrHasNoAddressIsNamed) {
  const Outcome refused = check(http(free_port()));
  EXPECT_EQ(refused.code, 1) << refused.text;
  EXPECT_TRUE(has(refused, "Connection refused; check host and port")) << refused.text;
  const Outcome unknown = check("    type: http\n    url: http://no-such-host.invalid/in\n", {},
                                {"http_proxy=", "all_proxy=", "ALL_PROXY="});
  EXPECT_EQ(unknown.code, 1) << unknown.text;
  EXPECT_TRUE(has(unknown, "cannot resolve no-such-host.invalid")) << unknown.text;
}

TEST_F(ConnectSink, EndpointThatNeverAnswersIsGivenUp) {
  lab::Receiver receiver({});
  receiver.behave({.hang = true});
  const Outcome outcome = check(http(receiver.port()), {"--timeout", "500ms"});
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "no answer within 0.45 s")) << outcome.text;
}

TEST_F(ConnectSink, EveryUrlOfSeveralIsTried) {
  lab::Receiver receiver({});
  const std::string nobody = url("http", free_port());
  const Outcome outcome = check("    type: http\n    urls: [\"" + url("http", receiver.port()) +
                                "/in\", \"" + nobody + "/in\"]\n");
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      sink there, endpoint " + url("http", receiver.port())))
      << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  sink there, endpoint " + nobody)) << outcome.text;
}

std::string oauth2(std::uint16_t port) {
  return "    auth:\n      oauth2:\n        token_url: http://127.0.0.1:" + std::to_string(port) +
         "/token\n        client_id: box\n        client_secret: s3cret\n";
}

// Gives tokens, and notes with which one OPTIONS comes.
constexpr const char* kTokenServer = R"(
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body):
        self.send_response(status)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        self.answer(200, b'{"access_token": "abc", "token_type": "Bearer"}')
    def do_OPTIONS(self):
        print('used', self.headers['Authorization'], flush=True)
        self.answer(204, b'')
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
)";

TEST_F(ConnectSink, TokenIsFetchedAndUsed) {
  const std::uint16_t port = free_port();
  const std::string log = directory_.file("server.log");
  const Process server({.arguments = {"python3", "-c", kTokenServer, std::to_string(port)},
                        .output = log,
                        .environment = {}});
  ASSERT_TRUE(eventually([&] { return port_answers(port); }));
  const Outcome outcome = check(http(port, oauth2(port)));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "/token: a token was given\n")) << outcome.text;
  EXPECT_TRUE(has(outcome, "reachable, answers 204 to OPTIONS\n")) << outcome.text;
  EXPECT_NE(content_of(log).find("used Bearer abc"), std::string::npos) << content_of(log);
}

TEST_F(ConnectSink, TokenThatIsRefusedIsToldApartFromTheEndpoint) {
  lab::Receiver authority({});
  authority.behave({.status = 401, .body = R"({"error": "invalid_client"})"});
  lab::Receiver receiver({});
  const Outcome outcome = check(http(receiver.port(), oauth2(authority.port())));
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  sink there, token ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "invalid_client")) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      sink there, endpoint ")) << outcome.text;
  EXPECT_FALSE(has(outcome, "s3cret, ")) << outcome.text;
}

TEST_F(ConnectSink, KafkaTellsHowManyBrokersThereAre) {
  const KafkaCluster cluster(3);
  const Outcome outcome = check("    type: kafka\n    brokers: [\"" + cluster.brokers().front() +
                                "\"]\n    topic: x\n");
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, ": reachable, 3 brokers")) << outcome.text;
}

TEST_F(ConnectSink, KafkaThatIsNotThereIsNamed) {
  const Outcome outcome =
      check("    type: kafka\n    brokers: [\"127.0.0.1:" + std::to_string(free_port()) +
                "\"]\n    topic: x\n",
            {"--timeout", "1s"});
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "no broker has answered within 1000 ms: ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "Connection refused")) << outcome.text;
}

TEST_F(ConnectSink, CentralBrokerIsLoggedInTo) {
  const Mosquitto centre({.username = "box", .password = "right"});
  const std::string lines = "    type: mqtt\n    url: " + url("mqtt", centre.port()) +
                            "\n    username: box\n    password: ";
  const Outcome good = check(lines + "right\n");
  EXPECT_EQ(good.code, 0) << good.text;
  EXPECT_TRUE(has(good, "ok      sink there, broker ")) << good.text;
  const Outcome wrong = check(lines + "wrong\n");
  EXPECT_EQ(wrong.code, 1) << wrong.text;
  EXPECT_TRUE(has(wrong, "FAILED  sink there, broker ")) << wrong.text;
}

TEST_F(ConnectSink, DirectoryMustBeThereAndHaveRoom) {
  const std::string lines = "    type: file\n    path: " + directory_.path();
  const Outcome good = check(lines + "/records.ndjson\n");
  EXPECT_EQ(good.code, 0) << good.text;
  EXPECT_TRUE(has(good, "writable, room for ")) << good.text;
  const Outcome missing = check(lines + "/nowhere/records.ndjson\n");
  EXPECT_EQ(missing.code, 1) << missing.text;
  EXPECT_TRUE(has(missing, "make the directory, or correct path")) << missing.text;
  // Nothing stays behind.
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(directory_.path())) {
    ++files;
  }
  EXPECT_EQ(files, 1U) << "the configuration, and nothing else";
}

TEST_F(ConnectSink, DirectoryWithoutRoomForOneFileIsNotEnough) {
  std::error_code failed;
  const auto space = std::filesystem::space("/dev/shm", failed);
  const std::uint64_t mebibytes = space.available / (1024UL * 1024) + 1024;
  ASSERT_FALSE(failed) << failed.message();
  const Outcome outcome =
      check("    type: file\n    path: /dev/shm/records.ndjson\n    max_size: " +
            std::to_string(mebibytes) + "MiB\n");
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "make room there, or lower max_size")) << outcome.text;
}

TEST_F(ConnectSink, ReportIsJsonIfAskedFor) {
  const Outcome outcome = check(http(free_port()), {"--format", "json"});
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  simdjson::dom::parser parser;
  simdjson::dom::element report;
  ASSERT_EQ(parser.parse(outcome.text).get(report), simdjson::SUCCESS) << outcome.text;
  simdjson::dom::array connections;
  ASSERT_EQ(report["connections"].get(connections), simdjson::SUCCESS) << outcome.text;
  ASSERT_EQ(connections.size(), 3U) << outcome.text;
  std::string_view part;
  bool ok = true;
  EXPECT_EQ(connections.at(2)["part"].get(part), simdjson::SUCCESS);
  EXPECT_EQ(part, "sink");
  EXPECT_EQ(connections.at(2)["ok"].get(ok), simdjson::SUCCESS);
  EXPECT_FALSE(ok);
  simdjson::dom::array diagnostics;
  EXPECT_EQ(report["diagnostics"].get(diagnostics), simdjson::SUCCESS) << outcome.text;
}

TEST_F(ConnectSink, NothingIsTriedIfTheFileIsBad) {
  lab::Receiver receiver({});
  for (const std::string format : {"text", "json"}) {
    const Outcome outcome =
        check(http(receiver.port(), "    no_such_key: 1\n"), {"--format", format});
    EXPECT_EQ(outcome.code, 78) << outcome.text;
    EXPECT_FALSE(has(outcome, "reachable")) << outcome.text;
  }
  EXPECT_EQ(receiver.counts().connections, 0U);
}

TEST_F(ConnectSink, TimeOutMustBeADurationAndNeedsSomethingToTry) {
  const std::string path = directory_.file("sluice.yaml");
  EXPECT_EQ(run_sluice({"check", "--timeout", "5s", "-c", path}).code, 2);
  for (const std::string wrong : {"5", "soon", "0s"}) {
    EXPECT_EQ(run_sluice({"check", "--connect", "--timeout", wrong, "-c", path}).code, 2) << wrong;
  }
}

}  // namespace
}  // namespace sluice::testing_support
