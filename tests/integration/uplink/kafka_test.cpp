// The Kafka sink against librdkafka's mock cluster, read back by kcat.
#include "tests/support/kafka_cluster.h"
#include "tests/support/transport_driver.h"
#include "uplink/kafka_transport.h"
#include "uplink/record_lines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using testing_support::block_of;
using testing_support::identity;
using testing_support::KafkaCluster;
using testing_support::KafkaRecord;
using testing_support::line_of;
using testing_support::TransportDriver;

class Kafka : public ::testing::Test {
 protected:
  Kafka() {
    options_.brokers = cluster_.brokers();
    options_.topic = "{flow}";
    options_.properties = {{"retry.backoff.ms", "10"},
                           {"reconnect.backoff.ms", "10"},
                           {"reconnect.backoff.max.ms", "50"}};
    cluster_.make_topic("telemetry");
  }
  TransportDriver& driver() {
    if (!driver_) {
      driver_.emplace([this](boost::asio::io_context& io) {
        return make_kafka_transport(io, options_, identity());
      });
    }
    return *driver_;
  }
  void expect_confirmed(const BlockPtr& block) {
    const Answer answer = driver().send_until_decided(block);
    EXPECT_EQ(answer.verdict, Verdict::Confirmed) << answer.detail;
  }
  // How often each sequence has arrived.
  [[nodiscard]] std::map<std::uint64_t, int> arrivals(
      const std::string& topic = "telemetry") const {
    std::map<std::uint64_t, int> counts;
    for (const KafkaRecord& record : cluster_.consume(topic)) {
      const auto sequence = sequence_of(record.value);
      EXPECT_TRUE(sequence) << record.value;
      ++counts[sequence ? number(*sequence) : 0];
    }
    return counts;
  }
  void expect_once(std::uint64_t first, std::uint64_t last) const {
    std::map<std::uint64_t, int> expected;
    for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
      expected[sequence] = 1;
    }
    EXPECT_EQ(arrivals(), expected);
  }

  KafkaCluster cluster_;
  KafkaTransportOptions options_;
  std::optional<TransportDriver> driver_;
};

TEST_F(Kafka, GetsEveryRecordAsAMessageThatSaysWhatItIs) {
  expect_confirmed(block_of(1, 100));
  const auto records = cluster_.consume("telemetry");
  ASSERT_EQ(records.size(), 100U);
  const auto seventh = std::ranges::find_if(
      records, [](const KafkaRecord& record) { return sequence_of(record.value) == Sequence(7); });
  ASSERT_NE(seventh, records.end());
  EXPECT_EQ(seventh->value, line_of(7));
  EXPECT_EQ(seventh->key, "sensors/2/t");
  EXPECT_EQ(seventh->headers,
            "sluice-agent=gateway-7,sluice-epoch=0000000000000abc,sluice-flow=telemetry,"
            "sluice-seq=7");
}

TEST_F(Kafka, GetsTheRecordsOfAKeyInTheirOrder) {
  for (std::uint64_t first = 1; first < 2000; first += 200) {
    expect_confirmed(block_of(first, 200));
  }
  std::map<std::string, std::vector<std::uint64_t>> by_key;
  for (const KafkaRecord& record : cluster_.consume("telemetry")) {
    by_key[record.key].push_back(number(*sequence_of(record.value)));
  }
  EXPECT_EQ(by_key.size(), 5U);
  for (const auto& [key, sequences] : by_key) {
    EXPECT_EQ(sequences.size(), 400U) << key;
    EXPECT_TRUE(std::ranges::is_sorted(sequences)) << key;
  }
}

TEST_F(Kafka, TopicsAndKeysFollowTheirTemplates) {
  options_.topic = "edge.{agent}.{topic}";
  options_.key = "{flow}";
  cluster_.make_topic("edge.gateway-7.sensors.1.t");
  expect_confirmed(block_of(1, 1));
  const auto records = cluster_.consume("edge.gateway-7.sensors.1.t");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].key, "telemetry");
}

TEST_F(Kafka, ConfirmsBlocksLargerThanTheQueue) {
  options_.properties.emplace_back("queue.buffering.max.kbytes", "64");
  expect_confirmed(block_of(1, 2000, 500));
  expect_once(1, 2000);
}

TEST_F(Kafka, ErrorsThatPassAreSurvivedWithEveryRecordOnce) {
  cluster_.refuse_next(
      {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
       RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  expect_confirmed(block_of(1, 300));
  cluster_.refuse_next({RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR});
  expect_confirmed(block_of(301, 300));
  expect_once(1, 600);
}

TEST_F(Kafka, BrokersThatAreAwayAreAReasonToRetry) {
  options_.timeout = milliseconds(500);
  expect_confirmed(block_of(1, 10));
  for (int broker = 1; broker <= 3; ++broker) {
    cluster_.set_down(broker);
  }
  const Answer answer = driver().send(block_of(11, 10));
  EXPECT_EQ(answer.verdict, Verdict::Retry);
  EXPECT_FALSE(answer.detail.empty());
  EXPECT_EQ(driver().send(block_of(11, 10)).verdict, Verdict::Retry);
  for (int broker = 1; broker <= 3; ++broker) {
    cluster_.set_up(broker);
  }
  expect_confirmed(block_of(11, 10));
  expect_once(1, 20);
}

TEST_F(Kafka, RecordsThatAreTooLargeMakeTheBlockTooLarge) {
  options_.properties.emplace_back("message.max.bytes", "2000");
  options_.properties.emplace_back("batch.size", "2000");
  BlockPtr block;
  {
    Block mixed = *block_of(1, 20, 40, Codec::Ndjson);
    mixed.data.clear();
    for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
      mixed.data += line_of(sequence, sequence == 13 ? 5000 : 40) + '\n';
    }
    block = std::make_shared<const Block>(std::move(mixed));
  }
  const Answer answer = driver().send(block);
  EXPECT_EQ(answer.verdict, Verdict::TooLarge);
  EXPECT_NE(answer.detail.find("seq=13"), std::string::npos) << answer.detail;
  EXPECT_NE(answer.detail.find("MSG_SIZE_TOO_LARGE"), std::string::npos) << answer.detail;
  // As the dispatcher goes on: in halves, without the one that will never pass.
  expect_confirmed(block_of(1, 10));
  expect_confirmed(block_of(11, 2));
  expect_confirmed(block_of(14, 7));
  auto counts = arrivals();
  EXPECT_EQ(counts.size(), 19U);
  for (const auto& [sequence, count] : counts) {
    EXPECT_EQ(count, 1) << sequence;
  }
}

TEST_F(Kafka, WhatABrokerWillNeverTakeIsSaidInItsWords) {
  const std::vector<std::pair<rd_kafka_resp_err_t, Verdict>> cases{
      {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, Verdict::TooLarge},
      {RD_KAFKA_RESP_ERR_INVALID_RECORD, Verdict::Refused},
      {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, Verdict::Misconfigured},
      {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, Verdict::Misconfigured}};
  std::uint64_t sequence = 1;
  for (const auto& [code, verdict] : cases) {
    cluster_.refuse_next({code});
    const Answer answer = driver().send(block_of(sequence, 1));
    EXPECT_EQ(answer.verdict, verdict) << answer.detail;
    EXPECT_NE(answer.detail.find(rd_kafka_err2name(code)), std::string::npos) << answer.detail;
    expect_confirmed(block_of(sequence, 1));
    ++sequence;
  }
  expect_once(1, sequence - 1);
}

TEST_F(Kafka, ACancelledBlockMayBeFollowedByAnother) {
  driver().begin(block_of(1, 1000));
  driver().transport().cancel();
  EXPECT_EQ(driver().finish().verdict, Verdict::Retry);
  expect_confirmed(block_of(2001, 10));
  expect_confirmed(block_of(1, 1000));
  EXPECT_EQ(arrivals().size(), 1010U);
}

TEST_F(Kafka, SettingsThatLibrdkafkaDoesNotTakeAreRefusedAtTheStart) {
  boost::asio::io_context io;
  options_.properties = {{"no.such.thing", "1"}};
  const auto unknown = make_kafka_transport(io, options_, identity());
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().message.find("No such configuration property"), std::string::npos);
  options_.properties = {{"security.protocol", "ssl"}, {"ssl.ca.location", "/not/there"}};
  EXPECT_FALSE(make_kafka_transport(io, options_, identity()));
}

TEST_F(Kafka, NothingKeepsTheIoContextWhenNothingIsUnderWay) {
  expect_confirmed(block_of(1, 10));
  driver().transport().cancel();
  driver().io().restart();
  driver().io().run();  // returns
}

}  // namespace
}  // namespace sluice
