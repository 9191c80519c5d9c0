// What the agent does when its surroundings are wrong, and that it goes on by itself when they are
// put right.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"
#include "tests/support/certificates.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::Authority;
using testing_support::eventually;
using testing_support::free_port;
using testing_support::KeyPair;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::Process;
using testing_support::TempDirectory;
using testing_support::wait_for_subscription;

TEST(DiskFull, HoldsAcknowledgementsSaysSoOnceAndRecovers) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();
  Load load(broker.port(), {.rate = 2'000});
  ASSERT_TRUE(eventually([&] { return load.acked() >= 500; }));
  ASSERT_TRUE(load.finish());
  ASSERT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  const std::uint64_t before = receiver.counts().distinct;

  agent.no_space(true);
  load.go_on();
  ASSERT_TRUE(eventually([&] { return load.acked() >= before + 500; }));
  ASSERT_TRUE(load.finish());
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("buffer cannot store") == 1; }))
      << agent.log();
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(receiver.counts().distinct, before);

  agent.no_space(false);
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_TRUE(eventually([&] { return agent.count_in_log("buffer stores again") == 1; }));
  EXPECT_EQ(agent.count_in_log("buffer cannot store"), 1U) << agent.log();
  EXPECT_EQ(agent.stop(), 0);
}

TEST(DiskFull, AtStartTheAgentRunsAndWaits) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker));
  ASSERT_EQ(agent.stop(), 0);

  agent.no_space(true);
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker, 2)) << agent.log();
  Load load(broker.port(), {.count = 500});
  ASSERT_TRUE(load.finish());
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("buffer cannot store") == 1; }))
      << agent.log();
  agent.no_space(false);
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << load.missing_at(receiver);
  EXPECT_EQ(agent.stop(), 0);
}

TEST(SecondAgent, IsRefusedAndTouchesNothing) {
  const Mosquitto broker({.verbose = true});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port())});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker));
  const TempDirectory directory;
  const std::string log = directory.file("second.log");
  Process second({.arguments = {SLUICE_BINARY, "run", "-c", agent.config()},
                  .output = log,
                  .environment = {}});
  EXPECT_EQ(second.wait(std::chrono::seconds(20)), 1);
  std::ifstream file(log);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(text.find(agent.data_dir()), std::string::npos) << text;
  EXPECT_NE(text.find(std::to_string(agent.pid())), std::string::npos)
      << "it should name the holder: " << text;

  Load load(broker.port(), {.count = 200});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); }));
  EXPECT_EQ(agent.stop(), 0);
}

TEST(DataDirectory, ThatCannotBeWrittenEndsTheAgentWithAReason) {
  const TempDirectory directory;
  std::ofstream(directory.file("file")) << "not a directory";
  const std::string config = directory.file("sluice.yaml");
  std::ofstream(config)
      << "agent: {id: test, data_dir: " << directory.file("file/data")
      << "}\n"
         "sources: {plant: {type: mqtt, url: \"mqtt://127.0.0.1:1\", topics: [a]}}\n"
         "flows: {f: {from: [plant], to: [s]}}\n"
         "sinks: {s: {type: http, url: \"http://127.0.0.1:1\"}}\n";
  const std::string log = directory.file("log");
  Process agent(
      {.arguments = {SLUICE_BINARY, "run", "-c", config}, .output = log, .environment = {}});
  EXPECT_EQ(agent.wait(std::chrono::seconds(20)), 1);
  std::ifstream file(log);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_NE(text.find(directory.file("file/data")), std::string::npos) << text;
}

TEST(Password, ThatIsWrongIsSaidAndTriedAgain) {
  const Mosquitto broker({.username = "agent", .password = "right"});
  lab::Receiver receiver({});
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .source_extra = "    username: agent\n    password: planted-secret\n"});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("password") > 0; })) << agent.log();
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_EQ(agent.count_in_log("planted-secret"),
            agent.count_in_log("    password: planted-secret"))
      << "only the line of the file that a warning shows may hold it\n"
      << agent.log();
}

TEST(Tls, WorksOnBothSidesWithClientCertificates) {
  Authority authority;
  const KeyPair server = authority.issue("server");
  const KeyPair client = authority.issue("client");
  const std::uint16_t plain_port = free_port();  // for the publisher
  const Mosquitto broker({.ca = authority.ca(),
                          .cert = server.cert,
                          .key = server.key,
                          .require_client_certificate = true,
                          .extra = "listener " + std::to_string(plain_port) + " 127.0.0.1",
                          .verbose = true});
  lab::Receiver receiver({.cert = server.cert, .key = server.key, .client_ca = authority.ca()});
  const std::string tls =
      "    tls: {ca: " + authority.ca() + ", cert: " + client.cert + ", key: " + client.key + "}\n";
  AgentProcess agent({.broker_url = local_url("mqtts", broker.port()),
                      .sink_url = local_url("https", receiver.port()),
                      .source_extra = tls,
                      .sink_extra = tls});
  agent.start();
  ASSERT_TRUE(wait_for_subscription(broker)) << agent.log();
  Load load(plain_port, {.count = 2'000});
  ASSERT_TRUE(load.finish());
  EXPECT_TRUE(eventually([&] { return load.arrived_at(receiver); })) << agent.log();
  EXPECT_EQ(agent.stop(), 0);
}

TEST(Tls, ACertificateThatDoesNotVerifyIsSaidAndTriedAgain) {
  Authority right;
  Authority wrong;
  const KeyPair server = right.issue("server");
  const Mosquitto broker({.ca = right.ca(), .cert = server.cert, .key = server.key});
  AgentProcess agent({.broker_url = local_url("mqtts", broker.port()),
                      .sink_url = "https://127.0.0.1:1",
                      .source_extra = "    tls: {ca: " + wrong.ca() + "}\n"});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("does not verify") > 0; })) << agent.log();
  EXPECT_TRUE(agent.running());
  EXPECT_EQ(agent.stop(), 0);
}

}  // namespace
}  // namespace sluice
