// Messages, their acknowledgements, pings and back-pressure.
#include "tests/support/process.h"
#include "tests/unit/sources/link_fixture.h"

namespace sluice::testing_support {
namespace {

class BrokerLinkMessages : public LinkTest {
 protected:
  // Proves that nothing else was on its way to the broker.
  void nothing_was_sent() {
    paho_.send(PacketType::Pingreq);
    broker_receives(PacketType::Pingreq);
  }
};

class BrokerLinkVersions : public BrokerLinkMessages,
                           public ::testing::WithParamInterface<MqttVersion> {};

TEST_P(BrokerLinkVersions, AMessageIsAcknowledgedOnlyWhenItHasSettled) {
  start_session({}, GetParam());
  publish(7, 1, "payload");
  delivered(1);
  nothing_was_sent();
  settle(1);
  broker_receives(PacketType::Puback, 7);
  const KeptMessage message = inlet_.messages().at(0);
  EXPECT_EQ(message.topic, "t/7");
  EXPECT_EQ(message.payload, "payload");
  EXPECT_EQ(message.qos, 1);
  EXPECT_EQ(message.full_size, 0U);
}

TEST_P(BrokerLinkVersions, QoS2IsReceivedWhenSettledAndCompletedWhenReleased) {
  start_session({}, GetParam());
  publish(7, 2);
  delivered(1);
  nothing_was_sent();
  settle(1);
  broker_receives(PacketType::Pubrec, 7);
  broker_.send(acknowledgement(PacketType::Pubrel, 7));
  broker_receives(PacketType::Pubcomp, 7);
  broker_.send(acknowledgement(PacketType::Pubrel, 999));  // unknown: completed all the same
  broker_receives(PacketType::Pubcomp, 999);
}

INSTANTIATE_TEST_SUITE_P(Each, BrokerLinkVersions,
                         ::testing::Values(MqttVersion::V311, MqttVersion::V5),
                         [](const auto& each) {
                           return each.param == MqttVersion::V5 ? "V5" : "V311";
                         });

TEST_F(BrokerLinkMessages, WhatSettlesTogetherIsAcknowledgedInOrderAndInOneWrite) {
  start_session();
  Bytes all;
  Bytes expected;
  for (std::uint16_t id = 1; id <= 1'000; ++id) {
    const auto packet_id = static_cast<std::uint16_t>((id * 7) % 1'009);
    const Bytes one = publish_bytes(packet_id, 1, "x");
    all.insert(all.end(), one.begin(), one.end());
    append_acknowledgement(expected, PacketType::Puback, packet_id);
  }
  broker_.send(all);
  delivered(1'000);
  settle(1'000);
  EXPECT_EQ(broker_.read_raw(), expected);
  EXPECT_EQ(acknowledgements_.sent(), 1'000U);
}

TEST_F(BrokerLinkMessages, QoS0IsDeliveredAndOwesNothing) {
  start_session();
  publish(1, 0, "a");
  publish(2, 0, "b");
  delivered(2);
  settle(2);
  nothing_was_sent();
}

TEST_F(BrokerLinkMessages, ArriveCompleteAndInOrderHoweverTheStreamIsCut) {
  start_session();
  Bytes all;
  for (std::uint16_t id = 1; id <= 200; ++id) {
    const Bytes one = publish_bytes(id, 1, std::string(std::size_t{id} * 3, 'p'));
    all.insert(all.end(), one.begin(), one.end());
  }
  for (std::size_t at = 0, size = 1; at < all.size(); at += size, size = size % 1'500 + 37) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(at + size, all.size()));
    broker_.send(Bytes(begin, end));
  }
  delivered(200);
  const auto messages = inlet_.messages();
  for (std::size_t i = 0; i < 200; ++i) {
    ASSERT_EQ(messages[i].topic, "t/" + std::to_string(i + 1));
    ASSERT_EQ(messages[i].payload.size(), (i + 1) * 3);
  }
}

TEST_F(BrokerLinkMessages, OneLargerThanTheReadBufferArrivesWhole) {
  start_session();
  publish(1, 1, std::string(900'000, 'L'));
  publish(2, 1, "small");
  delivered(2);
  EXPECT_EQ(inlet_.messages()[0].payload, std::string(900'000, 'L'));
}

TEST_F(BrokerLinkMessages, OneThatIsTooLargeIsCutAndAcknowledged) {
  start_session({.max_message_size = 10'000});
  publish(1, 1, std::string(3'000'000, 'L'));
  publish(2, 1, std::string(10'000, 'M'));
  publish(3, 1, "fits");
  delivered(3);
  const auto messages = inlet_.messages();
  EXPECT_EQ(messages[0].topic, "t/1");
  EXPECT_EQ(messages[0].payload, std::string(1'024, 'L'));
  EXPECT_EQ(messages[0].full_size, 3'000'000U);
  EXPECT_EQ(messages[1].full_size, 10'000U);
  EXPECT_EQ(messages[2].payload, "fits");
  EXPECT_EQ(messages[2].full_size, 0U);
  EXPECT_EQ(link_->counts().oversize, 2U);
  settle(3);
  for (const std::uint16_t id : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}}) {
    broker_receives(PacketType::Puback, id);
  }
}

TEST_F(BrokerLinkMessages, RetainedOnesAreSkippedButAcknowledgedIfSoConfigured) {
  start_session({.skip_retained = true});
  Bytes retained;
  append_publish(retained,
                 {.topic = "old", .payload = "x", .packet_id = 1, .qos = 1, .retained = true},
                 version_);
  broker_.send(retained);
  broker_receives(PacketType::Puback, 1);
  publish(2, 1);
  delivered(1);
  EXPECT_EQ(inlet_.messages()[0].topic, "t/2");
  EXPECT_EQ(link_->counts().retained_skipped, 1U);
}

TEST_F(BrokerLinkMessages, WhatTheBrokerSendsAgainIsAcknowledgedAndNotDeliveredTwice) {
  start_session();
  publish(1, 1, "one");
  publish(2, 2, "two");
  delivered(2);
  settle(1);
  broker_receives(PacketType::Puback, 1);
  broker_.close();
  ASSERT_TRUE(paho_.is_closed());

  connect_session(MqttVersion::V5, true);
  publish(2, 2, "two", true);
  publish(3, 1, "three");
  delivered(3);
  nothing_was_sent();
  settle(3);
  broker_receives(PacketType::Pubrec, 2);
  broker_receives(PacketType::Puback, 3);
  EXPECT_EQ(inlet_.size(), 3U);
  EXPECT_EQ(acknowledgements_.redelivered(), 1U);
}

TEST_F(BrokerLinkMessages, WhatSettlesBetweenTwoConnectionsIsNotAcknowledgedBeforeItArrivesAgain) {
  start_session();
  publish(1, 1);
  delivered(1);
  broker_.close();
  ASSERT_TRUE(paho_.is_closed());
  settle(1);
  connect_session(MqttVersion::V5, true);
  nothing_was_sent();
  publish(1, 1, "x", true);
  broker_receives(PacketType::Puback, 1);
}

TEST_F(BrokerLinkMessages, SilenceWithManyOwedHurriesThemOnce) {
  start_session();
  Bytes all;
  for (std::uint16_t id = 1; id <= 9; ++id) {
    const Bytes one = publish_bytes(id, 1, "x");
    all.insert(all.end(), one.begin(), one.end());
  }
  broker_.send(all);
  ASSERT_TRUE(eventually([&] { return inlet_.flushes() == 1; }));
  EXPECT_EQ(inlet_.size(), 9U);
  settle(9);
  for (std::uint16_t id = 1; id <= 9; ++id)
    broker_receives(PacketType::Puback, id);
  EXPECT_EQ(inlet_.flushes(), 1U);
}

TEST_F(BrokerLinkMessages, ATinyWindowOfTheBrokerIsHurriedOnceItIsKnown) {
  start_session();
  std::uint16_t id = 0;
  while (inlet_.flushes() == 0) {
    ASSERT_LT(id, 20);
    publish(++id, 1);
    publish(++id, 1);
    delivered(id);
    settle(id);
    broker_receives(PacketType::Puback, static_cast<std::uint16_t>(id - 1));
    broker_receives(PacketType::Puback, id);
  }
  EXPECT_GE(id, 6);
}

TEST_F(BrokerLinkMessages, APingIsForwardedAndItsAnswerPassed) {
  start_session();
  paho_.send(PacketType::Pingreq);
  broker_receives(PacketType::Pingreq);
  broker_.send(Peer::empty(PacketType::Pingresp));
  paho_receives(PacketType::Pingresp);
}

TEST_F(BrokerLinkMessages, BytesOfTheBrokerAnswerAPingAndTheRealAnswerIsSwallowed) {
  start_session();
  for (int round = 0; round < 3; ++round) {
    paho_.send(PacketType::Pingreq);
    broker_receives(PacketType::Pingreq);
    broker_.send({0x30});  // the first byte of a long message, on a slow line
    paho_receives(PacketType::Pingresp);
    const Bytes rest = publish_bytes(1, 0, "x");
    broker_.send(Bytes(rest.begin() + 1, rest.end()));
  }
  for (int round = 0; round < 3; ++round)
    broker_.send(Peer::empty(PacketType::Pingresp));
  broker_.send(acknowledgement(PacketType::Puback, 5));
  paho_receives(PacketType::Puback);
}

TEST_F(BrokerLinkMessages, BackPressureStopsReadingAndGoesOn) {
  start_session();
  inlet_.set_full_after(100);
  Bytes one;
  std::uint16_t sent = 0;
  // Far more than the buffers of the two sockets hold.
  std::thread sender([&] {
    for (; sent < 3'000; ++sent) {
      broker_.send(
          publish_bytes(static_cast<std::uint16_t>(sent + 1), 1, std::string(10'000, 'x')));
    }
  });
  delivered(100);
  ASSERT_TRUE(eventually([&] { return inlet_.flushes() > 0; }));

  // Nothing is read any more, and yet pings are answered, as often as they come.
  for (int i = 0; i < 3; ++i) {
    paho_.send(PacketType::Pingreq);
    paho_receives(PacketType::Pingresp);
  }
  EXPECT_LT(inlet_.size(), 200U);

  inlet_.set_full_after(SIZE_MAX);
  inlet_.set_full(false);
  link_->resume();
  delivered(3'000);
  sender.join();
  for (int i = 0; i < 3; ++i)
    broker_.send(Peer::empty(PacketType::Pingresp));
  broker_.send(acknowledgement(PacketType::Puback, 5));
  paho_receives(PacketType::Puback);  // the real answers were swallowed
  for (int i = 0; i < 3; ++i)
    broker_receives(PacketType::Pingreq);
}

TEST_F(BrokerLinkMessages, AcknowledgementsLeaveWhileReadingIsPaused) {
  start_session();
  inlet_.set_full_after(1);
  publish(1, 1);
  delivered(1);
  publish(2, 1);  // for the read that may have been under way
  ASSERT_TRUE(eventually([&] { return inlet_.flushes() > 0; }));
  settle(1);
  broker_receives(PacketType::Puback, 1);
}

TEST_F(BrokerLinkMessages, StopReadingDeliversAndFlushesAndStillAcknowledges) {
  start_session();
  publish(1, 1);
  delivered(1);
  on_link([&] { link_->stop_reading(); });
  EXPECT_GE(inlet_.flushes(), 1U);
  publish(2, 1);
  paho_.send(PacketType::Pingreq);
  paho_receives(PacketType::Pingresp);
  broker_receives(PacketType::Pingreq);
  settle(1);
  broker_receives(PacketType::Puback, 1);
  paho_.send(PacketType::Disconnect);
  broker_receives(PacketType::Disconnect);
  EXPECT_TRUE(broker_.is_closed());
  EXPECT_EQ(inlet_.size(), 1U) << "the broker keeps the second one";
}

TEST_F(BrokerLinkMessages, APingThatWaitsForItsAnswerIsAnsweredWhenReadingStops) {
  start_session();
  paho_.send(PacketType::Pingreq);
  broker_receives(PacketType::Pingreq);
  on_link([&] { link_->stop_reading(); });
  paho_receives(PacketType::Pingresp);
}

TEST_F(BrokerLinkMessages, WhatWasReadBeforeTheConnectionBrokeIsDelivered) {
  start({.nap = std::chrono::hours(1)});
  paho_ = Peer::connect_to(link_->port());
  paho_.send(connect_bytes(link_->token()));
  broker_ = listener_.accept();
  broker_receives(PacketType::Connect);
  Bytes bytes = connack_bytes(version_, false);
  const Bytes message = publish_bytes(1, 0, "x");
  bytes.insert(bytes.end(), message.begin(), message.end());
  broker_.send(bytes);
  paho_receives(PacketType::Connack);
  paho_.close();
  delivered(1);
}

}  // namespace
}  // namespace sluice::testing_support
