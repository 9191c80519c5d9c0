// What an operator reads: figures as JSON, and what they mean.
#include "commands/status.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp kNow{std::chrono::milliseconds(1'763'692'800'000)};

AgentStatus healthy() {
  AgentStatus status{.version = "1.2.3",
                     .agent = "plant-7",
                     .epoch = 0xAB,
                     .now = kNow,
                     .counts = {},
                     .buffer = {},
                     .flows = {},
                     .sources = {},
                     .sinks = {}};
  status.sources["plant"].connected = true;
  status.sinks["cloud"].counts.records = 5;
  return status;
}

std::vector<std::string> codes(const Health& health) {
  std::vector<std::string> codes;
  for (const HealthReason& reason : health.reasons) {
    codes.emplace_back(reason.code);
    EXPECT_FALSE(reason.text.empty());
  }
  return codes;
}

using Codes = std::vector<std::string>;

TEST(HealthOfAnAgent, IsOkWhenNothingIsWrong) {
  const Health health = health_of(healthy());
  EXPECT_EQ(health.state, HealthState::Ok);
  EXPECT_EQ(codes(health), Codes{});
}

TEST(HealthOfAnAgent, FailsWhileSomethingIsNotCollected) {
  AgentStatus status = healthy();
  status.sources["gateway"].connected = false;
  EXPECT_EQ(health_of(status).state, HealthState::Failing);
  EXPECT_EQ(codes(health_of(status)), Codes{"source_disconnected"});
  status.sources["gateway"].connected = true;
  status.buffer.trouble = "disk I/O error";
  const Health health = health_of(status);
  EXPECT_EQ(health.state, HealthState::Failing);
  ASSERT_EQ(codes(health), Codes{"buffer_cannot_store"});
  EXPECT_NE(health.reasons[0].text.find("disk I/O error"), std::string::npos);
}

TEST(HealthOfAnAgent, IsDegradedByWhatLosesNothingNow) {
  AgentStatus status = healthy();
  status.sinks["cloud"].counts.breaker = BreakerState::Open;
  status.sinks["cloud"].counts.last_error = "503 Service Unavailable";
  status.buffer.dropped_age = 3;
  status.buffer.quarantine = "its log is damaged";
  const Health health = health_of(status);
  EXPECT_EQ(health.state, HealthState::Degraded);
  EXPECT_EQ(codes(health), (Codes{"buffer_was_damaged", "records_dropped", "sink_paused"}));
  EXPECT_NE(health.reasons[2].text.find("503 Service Unavailable"), std::string::npos);
}

TEST(HealthOfAnAgent, FailsWhenRecordsAreNotAccountedForOrAThreadIsStuck) {
  AgentStatus status = healthy();
  status.flows["telemetry"].imbalance = -3;
  status.stuck = {"the intake has not moved for 70 s"};
  const Health health = health_of(status);
  EXPECT_EQ(health.state, HealthState::Failing);
  ASSERT_EQ(codes(health), (Codes{"thread_stuck", "ledger_unbalanced"}));
  EXPECT_EQ(health.reasons[0].text, "the intake has not moved for 70 s");
  EXPECT_NE(health.reasons[1].text.find("telemetry is off by -3 records"), std::string::npos);
  EXPECT_EQ(words_of(health).find("failing: the intake has not moved for 70 s; "), 0U);
  EXPECT_EQ(words_of(health_of(healthy())), "ok");
}

TEST(HealthOfAnAgent, IsDegradedWhenASinkIsLateOrHasRefusedRecords) {
  AgentStatus status = healthy();
  FeedCounts feed;
  feed.oldest = kNow - 15min;
  status.flows["telemetry"].feeds.emplace("cloud", feed);
  EXPECT_EQ(health_of(status).state, HealthState::Ok);
  status.flows["telemetry"].feeds.at("cloud").oldest = kNow - 15min - 1ms;
  status.sinks["cloud"].counts.buried_too_large = 2;
  const Health health = health_of(status);
  EXPECT_EQ(health.state, HealthState::Degraded);
  ASSERT_EQ(codes(health), (Codes{"delivering_late", "records_refused"}));
  EXPECT_EQ(health.reasons[0].text, "sink cloud is 15 minutes behind in flow telemetry");
}

TEST(HealthOfAnAgent, NamesTheWorstFirst) {
  AgentStatus status = healthy();
  status.buffer.dropped_disk = 1;
  status.sources["plant"].connected = false;
  EXPECT_EQ(codes(health_of(status)), (Codes{"source_disconnected", "records_dropped"}));
}

TEST(HealthOfAnAgent, WarnsTwoWeeksBeforeACertificateEnds) {
  AgentStatus status = healthy();
  status.sinks["cloud"].connection.certificate_expires = kNow + 24h * 14;
  EXPECT_EQ(health_of(status).state, HealthState::Ok);
  status.sinks["cloud"].connection.certificate_expires = kNow + 24h * 14 - 1ms;
  EXPECT_EQ(codes(health_of(status)), Codes{"certificate_expires"});
  status.sinks["cloud"].connection.certificate_expires = kNow - 24h;
  status.sinks["cloud"].connection.server_certificate_expires = kNow - 1ms;
  EXPECT_EQ(codes(health_of(status)), (Codes{"certificate_expires", "certificate_expires"}));
}

TEST(StatusAsJson, HoldsWhatIsKnownOfEveryPart) {
  AgentStatus status = healthy();
  FlowStatus& flow = status.flows["telemetry"];
  flow.ledger["stored"] = 12;
  flow.imbalance = 0;
  FeedCounts& feed = flow.feeds.emplace("cloud", FeedCounts{}).first->second;
  feed.records = 7;
  feed.buried = 2;
  feed.oldest = kNow - 90s;
  status.buffer.file_bytes = 4096;
  status.buffer.file_max_bytes = 65536;
  flow.queue = {
      .held = 30,
      .arrival_rate = 12.5,
      .mean_held = 40,
      .slowest = {.service_rate = 50, .utilization = 0.25, .time_in_system = std::nullopt},
      .little_time = 3.2,
      .time_to_full = std::numeric_limits<double>::infinity(),
      .time_to_drain = 0.8,
      .services = {{.service_rate = 50, .utilization = 0.25, .time_in_system = {}}}};
  status.sinks["cloud"].counts.answers.at(static_cast<std::size_t>(Verdict::TooLarge)) = 4;
  status.sinks["cloud"].counts.buried_refused = 2;
  status.sinks["cloud"].connection.url = "https://cloud.example/in";
  status.sinks["cloud"].connection.server_certificate_expires = kNow - 1ms;
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  const std::string text = to_json(status);
  ASSERT_EQ(parser.parse(text).get(json), simdjson::SUCCESS) << text;
  EXPECT_EQ(std::string_view(json["epoch"]), "00000000000000ab");
  EXPECT_EQ(std::string_view(json["health"]), "degraded");
  EXPECT_EQ(std::string_view(json["time"]), "2025-11-21T02:40:00Z");
  EXPECT_EQ(std::uint64_t(json["flows"]["telemetry"]["ledger"]["stored"]), 12U);
  EXPECT_EQ(std::int64_t(json["flows"]["telemetry"]["imbalance"]), 0);
  const auto queue = json["flows"]["telemetry"]["queue"];
  EXPECT_EQ(std::uint64_t(queue["records"]), 30U);
  EXPECT_EQ(double(queue["arrival_rate"]), 12.5);
  EXPECT_EQ(double(queue["little_time"]), 3.2);
  EXPECT_TRUE(queue["time_in_system"].is_null());
  EXPECT_TRUE(queue["time_to_full"].is_null()) << "never";
  EXPECT_EQ(double(queue["sinks"]["cloud"]["utilization"]), 0.25);
  EXPECT_EQ(std::uint64_t(queue["sinks"]["cloud"]["served"]), 9U) << "delivered and dead";
  EXPECT_EQ(std::string_view(queue["sinks"]["cloud"]["oldest"]), "2025-11-21T02:38:30Z");
  EXPECT_EQ(std::uint64_t(json["buffer"]["file_bytes"]), 4096U);
  EXPECT_EQ(std::uint64_t(json["buffer"]["file_max_bytes"]), 65536U);
  EXPECT_TRUE(bool(json["sources"]["plant"]["connected"]));
  const auto cloud = json["sinks"]["cloud"];
  EXPECT_EQ(std::uint64_t(cloud["records"]), 5U);
  EXPECT_EQ(std::uint64_t(cloud["answers"]["too_large"]), 4U);
  EXPECT_EQ(std::uint64_t(cloud["dead"]["refused"]), 2U);
  EXPECT_EQ(std::string_view(cloud["breaker"]), "closed");
  EXPECT_EQ(std::string_view(cloud["url"]), "https://cloud.example/in");
  EXPECT_TRUE(cloud["certificate"].is_null());
  EXPECT_EQ(std::int64_t(cloud["server_certificate"]["days_left"]), -1);
  EXPECT_TRUE(cloud["next_attempt"].is_null());
}

TEST(StatusAsJson, SaysWhyTheAgentIsNotWell) {
  AgentStatus status = healthy();
  status.sources["plant"].connected = false;
  const std::string text = to_json(status);
  EXPECT_NE(text.find("\"health\":\"failing\",\"reasons\":[{\"code\":\"source_disconnected\","
                      "\"text\":\"source plant is not connected\"}]"),
            std::string::npos)
      << text;
}

TEST(HealthAsJson, NamesCodeAndText) {
  EXPECT_EQ(to_json(health_of(healthy())), "{\"state\":\"ok\",\"reasons\":[]}\n");
  AgentStatus status = healthy();
  status.sources["plant"].connected = false;
  EXPECT_EQ(to_json(health_of(status)),
            "{\"state\":\"failing\",\"reasons\":[{\"code\":\"source_disconnected\","
            "\"text\":\"source plant is not connected\"}],"
            "\"error\":\"source plant is not connected\"}\n");
}

}  // namespace
}  // namespace sluice
