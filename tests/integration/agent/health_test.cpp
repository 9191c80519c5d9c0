// What a running agent tells its supervisor, and what it says when its ledger does not add up.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"
#include "tests/support/notify_socket.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice {
namespace {

using testing_support::AgentProcess;
using testing_support::eventually;
using testing_support::find_program;
using testing_support::free_port;
using testing_support::Load;
using testing_support::local_url;
using testing_support::Mosquitto;
using testing_support::NotifySocket;
using testing_support::Outcome;
using testing_support::run;

std::string answer_of(std::uint16_t port, const std::string& path) {
  return run({"curl", "-s", "--max-time", "20", "-w", "\n%{http_code}",
              local_url("http", port, path)})
      .text;
}

// All that has been heard so far.
class Ear {
 public:
  explicit Ear(const NotifySocket& socket) : socket_(socket) {}

  bool has(const std::string& start) {
    for (std::string& message : socket_.heard()) {
      messages_.push_back(std::move(message));
    }
    return std::ranges::any_of(messages_,
                               [&](const auto& each) { return each.starts_with(start); });
  }

 private:
  const NotifySocket& socket_;
  std::vector<std::string> messages_;
};

TEST(Supervisor, HearsWhenTheAgentCollectsThatItGetsOnAndThatItStops) {
  Mosquitto broker;
  lab::Receiver receiver({});
  const NotifySocket socket("@sluice-test-" + std::to_string(::getpid()) + "-supervisor");
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .environment = {"NOTIFY_SOCKET=" + socket.name(), "WATCHDOG_USEC=500000"}});
  broker.stop();
  Ear ear(socket);
  agent.start();
  EXPECT_TRUE(eventually([&] { return ear.has("EXTEND_TIMEOUT_USEC="); })) << agent.log();
  EXPECT_FALSE(ear.has("READY=1")) << "nothing is collected";
  broker.start();
  EXPECT_TRUE(eventually([&] { return ear.has("READY=1\nSTATUS=ok"); })) << agent.log();
  EXPECT_TRUE(eventually([&] { return ear.has("WATCHDOG=1"); }));
  broker.stop();
  EXPECT_TRUE(eventually([&] { return ear.has("STATUS=failing: source plant"); })) << agent.log();
  EXPECT_EQ(agent.stop(), 0);
  EXPECT_TRUE(ear.has("STOPPING=1\n"));
}

TEST(Ledger, ThatDoesNotAddUpMakesTheAgentFailAndIsAMetricAndALogLine) {
  const Mosquitto broker;
  lab::Receiver receiver({});
  const std::uint16_t port = free_port();
  AgentProcess agent({.broker_url = local_url("mqtt", broker.port()),
                      .sink_url = local_url("http", receiver.port()),
                      .admin = "\"127.0.0.1:" + std::to_string(port) + '"',
                      .ledger_may_be_wrong = true});
  agent.start();
  ASSERT_TRUE(eventually([&] { return agent.count_in_log("subscribed") > 0; })) << agent.log();
  Load load(broker.port(), {.count = 1'000});
  ASSERT_TRUE(load.finish());
  ASSERT_TRUE(eventually([&] { return load.arrived_at(receiver); }));
  EXPECT_NE(answer_of(port, "/metrics")
                .find("\nsluice_flow_ledger_imbalance_records{flow=\"telemetry\"} 0\n"),
            std::string::npos);
  EXPECT_EQ(answer_of(port, "/readyz"), "{\"state\":\"ok\",\"reasons\":[]}\n\n200");
  EXPECT_EQ(answer_of(port, "/livez"), "ok\n\n200");
  ASSERT_EQ(agent.stop(), 0);
  EXPECT_EQ(agent.faults_of_buffer(), "");

  // Seven records that nobody can account for.
  const Outcome damaged =
      run({find_program("python3"), "-c",
           "import sqlite3, sys\n"
           "file = sqlite3.connect(sys.argv[1])\n"
           "file.execute(\"UPDATE ledger SET records = records - 7 WHERE what = 'delivered'\")\n"
           "file.commit()\n",
           agent.data_dir() + "/buffer.db"});
  ASSERT_EQ(damaged.code, 0) << damaged.text;
  EXPECT_NE(agent.faults_of_buffer().find("unbalanced"), std::string::npos);
  agent.start();
  ASSERT_TRUE(eventually([&] {
    return answer_of(port, "/readyz").find("\"code\":\"ledger_unbalanced\"") != std::string::npos;
  })) << agent.log();
  const std::string ready = answer_of(port, "/readyz");
  EXPECT_TRUE(ready.ends_with("\n503")) << ready;
  EXPECT_NE(ready.find("flow telemetry is off by 7 records"), std::string::npos) << ready;
  EXPECT_NE(answer_of(port, "/metrics")
                .find("\nsluice_flow_ledger_imbalance_records{flow=\"telemetry\"} 7\n"),
            std::string::npos);
  EXPECT_NE(answer_of(port, "/status").find("\"imbalance\":7"), std::string::npos);
  EXPECT_TRUE(eventually([&] {
    return agent.count_in_log(
               "error records are not accounted for: the ledger of flow telemetry") == 1;
  })) << agent.log();
  EXPECT_EQ(answer_of(port, "/livez"), "ok\n\n200") << "it gets on all the same";
}

}  // namespace
}  // namespace sluice
