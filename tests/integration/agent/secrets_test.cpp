// Secrets in the configuration, an agent for which everything fails, and everything it says: no
// secret is in any of it.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::free_port;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::Outcome;
using testing_support::run;

// As it is written, and as it travels where that is different.
const std::vector<std::pair<std::string, std::string>> kSecrets{
    {"password of a source", "planted-source-pw"},
    {"credentials in the URL of a source", "planted-url-pw"},
    {"bearer token", "planted-bearer"},
    {"password of basic authentication", "planted-basic-pw"},
    {"the same in the header", "bWU6cGxhbnRlZC1iYXNpYy1wdw"},
    {"header", "planted-header"},
    {"secret of OAuth 2", "planted-oauth2"},
    {"the same in the header", "Y2xpZW50OnBsYW50ZWQtb2F1dGgy"},
    {"credentials of a proxy", "planted-proxy-pw"},
    {"the same in the header", "bWU6cGxhbnRlZC1wcm94eS1wdw"},
    {"password for Kafka", "planted-kafka-pw"},
    {"password of an MQTT sink", "planted-sink-pw"},
    {"token of the admin endpoint", "planted-admin-token"},
    {"key of the buffer", "00112233445566778899aabbccddeeffplanted"},
    {"key of the buffer", "0011223344556677"}};

void expect_no_secret_in(const std::string& what, const std::string& text) {
  EXPECT_GT(text.size(), 20U) << what << ": " << text;
  for (const auto& [name, secret] : kSecrets) {
    const std::size_t at = text.find(secret);
    EXPECT_EQ(at, std::string::npos)
        << what << " tells the " << name << ": " << text.substr(at > 100 ? at - 100 : 0, 200);
  }
}

std::string sections(std::uint16_t broker, std::uint16_t other_broker, std::uint16_t receiver,
                     std::uint16_t nobody) {
  const std::string refused = local_url("http", nobody);
  return "sources:\n"
         "  plant: {type: mqtt, url: \"" +
         local_url("mqtt", broker) +
         "\", topics: [sensors/#]}\n"
         "  other: {type: mqtt, url: \"" +
         local_url("mqtt", other_broker) +
         "\", topics: [sensors/#], username: me, password: \"${SOURCE_PASSWORD}\"}\n"
         "  third: {type: mqtt, url: \"mqtt://me:planted-url-pw@127.0.0.1:" +
         std::to_string(other_broker) +
         "\", topics: [sensors/#]}\n"
         "flows:\n  all:\n    from: [plant, other, third]\n"
         "    to: [bearer, basic, oauth2, no_oauth2, proxied, kafka, mqtt]\n"
         "sinks:\n"
         "  bearer: {type: http, url: \"" +
         refused +
         "\", auth: {bearer: \"${BEARER}\"},\n"
         "    headers: {X-Api-Key: planted-header}}\n"
         "  basic: {type: http, url: \"" +
         local_url("http", receiver) +
         "\", auth: {basic: {username: me, password: planted-basic-pw}}}\n"
         "  oauth2: {type: http, url: \"" +
         refused + "\", auth: {oauth2: {token_url: \"" + local_url("http", receiver, "/token") +
         "\", client_id: client, client_secret: planted-oauth2}}}\n"
         "  no_oauth2: {type: http, url: \"" +
         refused + "\", auth: {oauth2: {token_url: \"" + refused +
         "\", client_id: client, client_secret: planted-oauth2}}}\n"
         "  proxied: {type: http, url: \"http://127.0.0.1:9/x\", proxy: "
         "\"http://me:planted-proxy-pw@"
         "127.0.0.1:" +
         std::to_string(nobody) +
         "\"}\n"
         "  kafka: {type: kafka, brokers: [\"127.0.0.1:" +
         std::to_string(nobody) +
         "\"], topic: t, timeout: 1s, properties: {security.protocol: SASL_PLAINTEXT, "
         "sasl.mechanism: PLAIN,\n"
         "    sasl.username: me, sasl.password: planted-kafka-pw}}\n"
         "  mqtt: {type: mqtt, url: \"" +
         local_url("mqtt", other_broker) + "\", username: me, password: planted-sink-pw}\n";
}

TEST(Secrets, AreNowhereInWhatAnAgentSaysForWhichEverythingFails) {
  const Mosquitto broker;
  const Mosquitto other({.username = "me", .password = "right"});
  lab::Receiver receiver({});
  receiver.follow([](const auto& /*headers*/, const std::string& /*body*/) {
    return lab::Behaviour{.status = 401};
  });
  const std::uint16_t port = free_port();
  AgentProcess agent(
      {.admin = "\"127.0.0.1:" + std::to_string(port) + "\", token: planted-admin-token",
       .buffer = "buffer: {encryption_key: "
                 "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff}\n",
       .sections = sections(broker.port(), other.port(), receiver.port(), free_port()),
       .log = "{level: trace}",
       .environment = {"SOURCE_PASSWORD=planted-source-pw", "BEARER=planted-bearer"}});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  Load load(broker.port(), {.count = 100});
  ASSERT_TRUE(load.finish());
  const auto asked = [&](const std::string& path) {
    return run({"curl", "-s", "--max-time", "20", "-H", "Authorization: Bearer planted-admin-token",
                local_url("http", port, path)})
        .text;
  };
  // Every one of them has met its failure.
  ASSERT_TRUE(eventually([&] {
    const std::string status = asked("/status");
    const std::string log = agent.log();
    return status.find("\"last_error\":null") == std::string::npos &&
           log.find("source=other") != std::string::npos &&
           log.find("source=third") != std::string::npos;
  })) << asked("/status")
      << agent.log();
  expect_no_secret_in("/status", asked("/status"));
  expect_no_secret_in("/metrics", asked("/metrics"));
  expect_no_secret_in("/readyz", asked("/readyz"));
  const Outcome check = run({"env", "SOURCE_PASSWORD=planted-source-pw", "BEARER=planted-bearer",
                             SLUICE_BINARY, "check", "-c", agent.config(), "--print-effective"});
  EXPECT_EQ(check.code, 0);
  expect_no_secret_in("check --print-effective", check.text);
  const Outcome refused =
      run({"curl", "-s", "-H", "Authorization: Bearer wrong", local_url("http", port, "/status")});
  expect_no_secret_in("a refusal", refused.text);
  EXPECT_EQ(agent.stop(), 0);
  expect_no_secret_in("the log", agent.log());
}

}  // namespace
}  // namespace sluice
