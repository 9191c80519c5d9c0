// `sluice check --connect` with real brokers: what it finds, and what it leaves alone.
#include "tests/integration/commands/program.h"
#include "tests/lab/receiver.h"
#include "tests/support/certificates.h"
#include "tests/support/mosquitto.h"

#include <gtest/gtest.h>

#include <fstream>

namespace sluice::testing_support {
namespace {

std::string local(const std::string& scheme, std::uint16_t port) {
  return scheme + "://127.0.0.1:" + std::to_string(port);
}

// A file with one source, and a sink that needs nothing. `more` are further lines of the source.
Outcome check(const std::string& url, const std::string& more = "",
              const std::vector<std::string>& flags = {}) {
  const TempDirectory directory;
  const std::string path = directory.file("sluice.yaml");
  std::ofstream(path) << "agent: {id: box}\nsources:\n  plant:\n    type: mqtt\n    url: " << url
                      << '\n'
                      << more
                      << (more.find("topics:") == std::string::npos ? "    topics: [t/a, t/b]\n"
                                                                    : "")
                      << "flows: {f: {from: [plant], to: [out]}}\nsinks: {out: {type: stdout}}\n";
  std::vector<std::string> arguments{"check", "--connect", "-c", path};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  return run_sluice(arguments);
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

class ConnectBroker : public testing::TestWithParam<std::string> {
 protected:
  static std::string protocol() { return "    protocol: \"" + GetParam() + "\"\n"; }
};
INSTANTIATE_TEST_SUITE_P(Mqtt, ConnectBroker, testing::Values("5", "3.1.1"),
                         [](const auto& each) { return each.param == "5" ? "V5" : "V311"; });

TEST_P(ConnectBroker, ThatWorksIsOkTopicByTopic) {
  const Mosquitto broker({.username = "agent", .password = "right"});
  const Outcome outcome = check(local("mqtt", broker.port()),
                                protocol() + "    username: agent\n    password: right\n");
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      source plant, broker " + local("mqtt", broker.port()) +
                               ": connected and logged in\n"))
      << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      source plant, topic t/a: allowed\n")) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      source plant, topic t/b: allowed\n")) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      sink out, output")) << outcome.text;
}

TEST_P(ConnectBroker, SaysThatThePasswordIsWrongAndDoesNotRepeatIt) {
  const Mosquitto broker({.username = "agent", .password = "right"});
  const Outcome outcome = check(local("mqtt", broker.port()),
                                protocol() + "    username: agent\n    password: wr0ng\n");
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  source plant, broker ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "check username, password")) << outcome.text;
  const std::string report = outcome.text.substr(outcome.text.find("FAILED"));
  EXPECT_EQ(report.find("wr0ng"), std::string::npos) << report;
}

// Mosquitto's access control files cannot refuse a subscription; its plugin can.
TEST_P(ConnectBroker, NamesTheTopicThatIsForbidden) {
  const std::string plugin = dynamic_security_plugin();
  ASSERT_FALSE(plugin.empty()) << "mosquitto_dynamic_security.so belongs to the package mosquitto";
  const TempDirectory directory;
  std::ofstream(directory.file("rules.json")) << R"({"defaultACLAccess":
      {"publishClientSend": true, "publishClientReceive": true, "subscribe": false,
      "unsubscribe": true}, "anonymousGroup": "all",
      "groups": [{"groupname": "all", "roles": [{"rolename": "reader"}]}],
      "roles": [{"rolename": "reader", "acls": [{"acltype": "subscribePattern",
      "topic": "t/b", "priority": 0, "allow": true}]}], "clients": []})";
  const Mosquitto broker({.extra = "plugin " + plugin + "\nplugin_opt_config_file " +
                                   directory.file("rules.json") + "\n"});
  const Outcome outcome = check(local("mqtt", broker.port()), protocol());
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      source plant, broker ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  source plant, topic t/a: the broker does not allow it"))
      << outcome.text;
  EXPECT_TRUE(has(outcome, "access rules")) << outcome.text;
  EXPECT_TRUE(has(outcome, "ok      source plant, topic t/b: allowed\n")) << outcome.text;
}

// What arrives meanwhile is a copy, which nobody acknowledges. With 3.1.1 the broker sends retained
// messages; protocol 5 lets the check do without them.
TEST_P(ConnectBroker, AcknowledgesNothing) {
  const Mosquitto broker({.verbose = true});
  const std::string port = std::to_string(broker.port());
  const Outcome published =
      run_program({"mosquitto_pub", "-p", port, "-t", "t/a", "-q", "1", "-r", "-m", "kept"});
  ASSERT_EQ(published.code, 0) << published.text;
  const Outcome outcome = check(local("mqtt", broker.port()), protocol());
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  const std::string log = broker.log();
  const std::size_t sent = count_of(log, "Sending PUBLISH to sluice-box-plant-check");
  EXPECT_EQ(sent, GetParam() == "5" ? 0U : 1U) << log;
  EXPECT_EQ(count_of(log, "Received PUBACK from sluice-box-plant-check"), 0U) << log;
  EXPECT_EQ(count_of(log, "Received DISCONNECT from sluice-box-plant-check"), 1U) << log;
}

TEST(ConnectBrokers, TakesNothingFromTheMembersOfASharedSubscription) {
  const Mosquitto broker({.verbose = true});
  const Outcome outcome =
      check(local("mqtt", broker.port()), "    topics: [\"$share/workers/t/#\"]\n");
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "topic $share/workers/t/#: allowed")) << outcome.text;
  EXPECT_EQ(count_of(broker.log(), "$share/workers/"), 0U) << broker.log();
  EXPECT_GE(count_of(broker.log(), "$share/sluice-check/t/#"), 1U) << broker.log();
}

TEST(ConnectBrokers, SaysThatTheBrokerGrantsLess) {
  const Mosquitto broker({.extra = "max_qos 0\n"});
  const Outcome outcome = check(local("mqtt", broker.port()));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_TRUE(has(outcome, "only with quality of service 0 instead of 1")) << outcome.text;
}

TEST(ConnectBrokers, ThatIsNotThereIsRefused) {
  const Outcome outcome = check(local("mqtt", free_port()));
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "Connection refused; check host and port")) << outcome.text;
  EXPECT_FALSE(has(outcome, "topic")) << outcome.text;
}

TEST(ConnectBrokers, ThatHasNoAddressIsNamed) {
  const Outcome outcome = check("mqtt://no-such-host.invalid");
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "cannot find the address of no-such-host.invalid")) << outcome.text;
  EXPECT_TRUE(has(outcome, "DNS")) << outcome.text;
}

TEST(ConnectBrokers, ThatDoesNotAnswerIsGivenUp) {
  Mosquitto broker;
  broker.freeze();
  const Outcome outcome = check(local("mqtt", broker.port()), "", {"--timeout", "300ms"});
  broker.thaw();
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "within 300 ms, while waiting for the answer to CONNECT"))
      << outcome.text;
}

TEST(ConnectBrokers, ThatSpeaksAnotherProtocolIsNoBroker) {
  const lab::Receiver receiver({});
  const Outcome outcome = check(local("mqtt", receiver.port()));
  EXPECT_EQ(outcome.code, 1) << outcome.text;
  EXPECT_TRUE(has(outcome, "FAILED  source plant, broker ")) << outcome.text;
  EXPECT_TRUE(has(outcome, "check that the port is one for mqtt") ||
              has(outcome, "check the port in the URL"))
      << outcome.text;
}

struct TlsCase {
  const char* name;
  const char* names;  // that the certificate is for
  int days;
  bool known_issuer;
  const char* words;  // none: it works
};

class ConnectTls : public testing::TestWithParam<TlsCase> {
 protected:
  static Authority& authority() {
    static Authority authority;  // costs a few processes
    return authority;
  }
  static KeyPair server() {
    return authority().issue(GetParam().name, GetParam().names, GetParam().days);
  }
  // The lines of a source or sink.
  static std::string trust() {
    return GetParam().known_issuer ? "    tls: {ca: " + authority().ca() + "}\n" : "";
  }
  static void expect(const Outcome& outcome) {
    EXPECT_EQ(outcome.code, GetParam().words == nullptr ? 0 : 1) << outcome.text;
    EXPECT_TRUE(has(outcome, GetParam().words == nullptr ? "ok      " : "FAILED  "))
        << outcome.text;
    if (GetParam().words != nullptr) {
      EXPECT_TRUE(has(outcome, GetParam().words)) << outcome.text;
    }
  }
};

constexpr const char* kHere = "DNS:localhost,IP:127.0.0.1";
INSTANTIATE_TEST_SUITE_P(
    Certificate, ConnectTls,
    testing::Values(TlsCase{"Good", kHere, 30, true, nullptr},
                    TlsCase{"UnknownAuthority", kHere, 30, false, "set tls.ca"},
                    TlsCase{"WrongHostName", "DNS:elsewhere.test", 30, true,
                            "use the name in the certificate, or set tls.server_name"},
                    TlsCase{"Expired", kHere, -1, true, "check the clock of this device"}),
    [](const auto& each) { return each.param.name; });

TEST_P(ConnectTls, OfABroker) {
  const KeyPair pair = server();
  const Mosquitto broker({.ca = authority().ca(), .cert = pair.cert, .key = pair.key});
  expect(check(local("mqtts", broker.port()), trust()));
}

TEST_P(ConnectTls, OfAnEndpoint) {
  const KeyPair pair = server();
  lab::ReceiverOptions options;
  options.cert = pair.cert;
  options.key = pair.key;
  const lab::Receiver receiver(options);
  const Mosquitto broker;
  const TempDirectory directory;
  const std::string path = directory.file("sluice.yaml");
  std::ofstream(path) << "sources: {plant: {type: mqtt, url: \"" << local("mqtt", broker.port())
                      << "\", topics: [t]}}\nflows: {f: {from: [plant], to: [cloud]}}\n"
                      << "sinks:\n  cloud:\n    type: http\n    url: "
                      << local("https", receiver.port()) << "/in\n"
                      << trust();
  expect(run_sluice({"check", "--connect", "-c", path}));
}

}  // namespace
}  // namespace sluice::testing_support
