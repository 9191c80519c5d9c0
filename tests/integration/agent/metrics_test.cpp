// /metrics of a real agent, as the real Prometheus sees it.
#include "tests/integration/agent/agent_fixture.h"
#include "tests/integration/agent/load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
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
using testing_support::Outcome;
using testing_support::Process;
using testing_support::run;
using testing_support::TempDirectory;
using testing_support::wait_for_subscription;

constexpr std::uint64_t kMessages = 2'000;

Outcome curl(std::uint16_t port, const std::string& path,
             const std::vector<std::string>& options = {}) {
  std::vector<std::string> all{"curl", "-s", "--max-time", "20"};
  all.insert(all.end(), options.begin(), options.end());
  all.push_back(local_url("http", port, path));
  return run(all);
}

// An agent that has delivered something.
class MetricsOfARunningAgent : public testing::Test {
 protected:
  explicit MetricsOfARunningAgent(const std::string& admin_extra = "")
      : broker_({.verbose = true}),
        port_(free_port()),
        agent_({.broker_url = local_url("mqtt", broker_.port()),
                .sink_url = local_url("http", receiver_.port()),
                .admin = "\"127.0.0.1:" + std::to_string(port_) + '"' + admin_extra}) {}

  void SetUp() override {
    agent_.start();
    ASSERT_TRUE(wait_for_subscription(broker_)) << agent_.log();
    Load load(broker_.port(), {.count = kMessages});
    ASSERT_TRUE(load.finish());
    ASSERT_TRUE(eventually([&] { return load.arrived_at(receiver_); })) << agent_.log();
  }

  [[nodiscard]] std::string metrics() const { return curl(port_, "/metrics").text; }
  [[nodiscard]] bool shows(const std::string& line) const {
    return metrics().find('\n' + line + '\n') != std::string::npos;
  }

  Mosquitto broker_;
  lab::Receiver receiver_{{}};
  std::uint16_t port_;
  AgentProcess agent_;
};

TEST_F(MetricsOfARunningAgent, AreFreeOfWhatPromtoolMinds) {
  const TempDirectory directory;
  std::ofstream(directory.file("page")) << metrics();
  ASSERT_GT(std::filesystem::file_size(directory.file("page")), 1'000U);
  const Outcome check =
      run({"sh", "-c", "exec promtool check metrics <\"$0\"", directory.file("page")});
  EXPECT_EQ(check.code, 0) << check.text;
  EXPECT_EQ(check.text, "");
}

TEST_F(MetricsOfARunningAgent, CountEveryRecordFromItsArrivalToItsConfirmation) {
  const std::string all = std::to_string(kMessages);
  const std::string delivery = R"({flow="telemetry",sink="cloud"} )";
  ASSERT_TRUE(eventually([&] { return shows("sluice_delivery_records_total" + delivery + all); }))
      << metrics();
  EXPECT_TRUE(shows("sluice_source_messages_total{source=\"plant\"} " + all)) << metrics();
  EXPECT_TRUE(shows("sluice_flow_records_total{flow=\"telemetry\"} " + all));
  EXPECT_TRUE(shows("sluice_delivery_duration_seconds_count" + delivery + all));
  // What has left is taken out with the next transaction, and seen by the look after it.
  ASSERT_TRUE(eventually([&] {
    return shows("sluice_flow_queue_records{flow=\"telemetry\"} 0") &&
           shows("sluice_flow_ledger_records_total{flow=\"telemetry\",what=\"delivered\"} " + all);
  })) << metrics();
  ASSERT_TRUE(eventually([&] {
    return metrics().find("sluice_flow_service_records_per_second{") != std::string::npos;
  })) << metrics();
  const std::string status = curl(port_, "/status").text;
  EXPECT_NE(status.find("\"queue\":{\"records\":0,"), std::string::npos) << status;
  EXPECT_EQ(status.find("\"service_rate\":null"), std::string::npos) << status;
}

TEST_F(MetricsOfARunningAgent, AreScrapedByPrometheusWithTheRulesForIt) {
  const TempDirectory directory;
  const std::uint16_t port = free_port();
  std::ofstream(directory.file("prometheus.yaml"))
      << "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
      << "rule_files: [" SLUICE_SOURCE_DIR "/docs/monitoring/rules.yaml]\n"
      << "scrape_configs:\n  - job_name: sluice\n    static_configs:\n"
      << "      - targets: [\"127.0.0.1:" << port_ << "\"]\n";
  const Process prometheus({.arguments = {find_program("prometheus"),
                                          "--config.file=" + directory.file("prometheus.yaml"),
                                          "--storage.tsdb.path=" + directory.file("data"),
                                          "--web.listen-address=127.0.0.1:" + std::to_string(port)},
                            .output = directory.file("log"),
                            .environment = {}});
  const auto answers = [port](const std::string& query, const std::string& expected) {
    return eventually([&] {
      return curl(port, "/api/v1/query", {"--get", "--data-urlencode", "query=" + query})
                 .text.find(expected) != std::string::npos;
    });
  };
  const auto log = [&] { return run({"cat", directory.file("log")}).text; };
  ASSERT_TRUE(answers("sum(sluice_delivery_records_total{job=\"sluice\"})",
                      ",\"" + std::to_string(kMessages) + "\"]"))
      << log();
  EXPECT_TRUE(answers("histogram_quantile(1, sluice_delivery_duration_seconds_bucket) > 0",
                      "\"flow\":\"telemetry\""))
      << log();
  EXPECT_TRUE(answers("up{job=\"sluice\"}", ",\"1\"]"));
  receiver_.behave({.status = 503});
  Load more(broker_.port(), {.count = 10});
  ASSERT_TRUE(more.finish());
  EXPECT_TRUE(answers("ALERTS{alertname=\"SluiceSinkPaused\"}", "\"alertstate\":\"pending\""))
      << log();
}

class MetricsBehindAToken : public MetricsOfARunningAgent {
 protected:
  MetricsBehindAToken() : MetricsOfARunningAgent(", token: secret-of-this-test-0123456789") {}
};

TEST_F(MetricsBehindAToken, AreForWhoeverHasIt) {
  const Outcome without = curl(port_, "/metrics", {"-o", "/dev/null", "-w", "%{http_code}"});
  EXPECT_EQ(without.text, "401");
  const Outcome with = curl(port_, "/metrics",
                            {"-H", "Authorization: Bearer secret-of-this-test-0123456789", "-w",
                             "%{http_code} %{content_type}"});
  EXPECT_NE(with.text.find("\nsluice_buffer_trouble 0\n"), std::string::npos) << with.text;
  EXPECT_TRUE(with.text.ends_with("200 text/plain; version=0.0.4; charset=utf-8")) << with.text;
}

}  // namespace
}  // namespace sluice
