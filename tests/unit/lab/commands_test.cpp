// The program itself, as the demo and scripts use it.
#include "tests/lab/report.h"
#include "tests/support/mosquitto.h"
#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <gtest/gtest.h>

#include <csignal>

namespace sluice::lab {
namespace {

using testing_support::eventually;
using testing_support::Mosquitto;
using testing_support::Process;
using testing_support::TempDirectory;

constexpr std::chrono::seconds kLongEnough{60};

class Program : public testing::Test {
 protected:
  Process start(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SLUICE_LAB_BINARY);
    return Process(
        {.arguments = arguments, .output = directory_.file("output"), .environment = {}});
  }
  int run(const std::vector<std::string>& arguments) {
    return start(arguments).wait(kLongEnough).value_or(-1);
  }
  std::string output() {
    const Result<std::string> text = read_file(directory_.file("output"));
    return text ? *text : "";
  }
  LoadReport load_report() {
    const Result<std::string> text = read_file(directory_.file("load.json"));
    const Result<LoadReport> report =
        text ? parse_load_report(*text) : Result<LoadReport>(text.error());
    return report ? *report : LoadReport{};
  }

  TempDirectory directory_;
};

TEST_F(Program, ExplainsItselfAndRefusesWrongUse) {
  EXPECT_EQ(run({"--help"}), 0);
  for (const char* command : {"simulate", "receive", "relay", "demo", "bench"}) {
    EXPECT_EQ(run({command, "--help"}), 0) << command;
    EXPECT_EQ(run({command, "--no-such-flag"}), 2) << command;
  }
  EXPECT_EQ(run({}), 2);
  EXPECT_EQ(run({"simulate", "--qos", "3"}), 2);
  EXPECT_EQ(run({"simulate", "--url", "mqtts://127.0.0.1"}), 2);
  EXPECT_EQ(run({"relay", "--to", "nowhere"}), 2);
  EXPECT_EQ(run({"demo", "--sluice", "/no/such/file"}), 2);
  EXPECT_EQ(run({"receive", "--retry-after", "3"}), 2);
}

TEST_F(Program, SimulatesUntilTheCountAndReportsWhatIsAcknowledged) {
  const Mosquitto broker;
  ASSERT_EQ(
      run({"simulate", "--url", "mqtt://127.0.0.1:" + std::to_string(broker.port()), "--rate", "0",
           "--count", "1000", "--devices", "10", "--report", directory_.file("load.json")}),
      0)
      << output();
  const LoadReport report = load_report();
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.counts.published, 1000U);
  EXPECT_EQ(report.counts.acked, 1000U);
  EXPECT_EQ(total(report.acked), 1000U);
}

TEST_F(Program, EndsTheLoadWhenTerminatedAndStillWaitsForAcknowledgements) {
  const Mosquitto broker;
  Process simulate =
      start({"simulate", "--url", "mqtt://127.0.0.1:" + std::to_string(broker.port()),
             "--report-every", "0.02", "--report", directory_.file("load.json")});
  ASSERT_TRUE(eventually([&] { return load_report().counts.acked > 10; })) << output();
  simulate.signal(SIGTERM);
  EXPECT_EQ(simulate.wait(kLongEnough), 0);
  const LoadReport report = load_report();
  EXPECT_TRUE(report.finished);
  EXPECT_EQ(report.counts.acked, report.counts.published);
}

TEST_F(Program, ReceiverKeepsItsAccountInTheStateFile) {
  ReceiverReport before;
  before.counts.records = 7;
  before.counts.distinct = 5;
  before.counts.duplicates = 2;
  before.received["dev-000"].insert(0, 4);
  ASSERT_TRUE(write_file(directory_.file("state.json"), to_json(before)));
  Process receive = start({"receive", "--state", directory_.file("state.json")});
  ASSERT_TRUE(eventually([&] { return output().find("listening on http://") == 0; }));
  receive.signal(SIGTERM);
  ASSERT_EQ(receive.wait(kLongEnough), 0) << output();
  const Result<std::string> text = read_file(directory_.file("state.json"));
  ASSERT_TRUE(text);
  const Result<ReceiverReport> after = parse_receiver_report(*text);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->counts.distinct, 5U);
  EXPECT_EQ(after->counts.duplicates, 2U);
  EXPECT_EQ(after->received, before.received);
}

TEST_F(Program, ReceiverDoesNotStartFromADamagedState) {
  ASSERT_TRUE(write_file(directory_.file("state.json"), "{\"requests\": 1"));
  EXPECT_EQ(run({"receive", "--state", directory_.file("state.json")}), 1);
}

TEST_F(Program, DemoFailsIfTheAgentDoesNot) {
  EXPECT_EQ(run({"demo", "--sluice", "/bin/false", "--work-dir", directory_.file("work")}), 1);
  EXPECT_NE(output().find("the agent has not subscribed"), std::string::npos) << output();
}

}  // namespace
}  // namespace sluice::lab
