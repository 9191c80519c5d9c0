#include "sources/acknowledgements.h"

#include "sources/fingerprint.h"
#include "sources/mqtt_packet.h"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace sluice {
namespace {

using Packets = std::vector<std::pair<PacketType, std::uint16_t>>;

Receipt receipt(std::uint16_t packet_id, std::uint8_t qos = 1, std::uint64_t content = 1,
                bool duplicate = false) {
  return {.fingerprint = content, .packet_id = packet_id, .qos = qos, .duplicate = duplicate};
}

Receipt again(std::uint16_t packet_id, std::uint8_t qos = 1, std::uint64_t content = 1) {
  return receipt(packet_id, qos, content, true);
}

// A link in miniature.
class AcknowledgementsTest : public ::testing::Test {
 protected:
  // True if the message was delivered, false if it was recognised.
  bool arrive(Receipt message) {
    if (acknowledgements_->is_redelivered(message)) {
      acknowledgements_->owe({&message, 1}, Ticket(0), 0);
      return false;
    }
    message.position = 0;
    acknowledgements_->expect({&message, 1});
    last_ = advance(last_, 1);
    acknowledgements_->owe({&message, 1}, last_, 1);
    return true;
  }

  void reconnect(bool session_present = true) {
    acknowledgements_->disconnected();
    acknowledgements_->connected(session_present);
  }

  // The process dies with everything up to `stored` on disk.
  void restart(Ticket stored) {
    const std::string saved = acknowledgements_->state_at(stored);
    acknowledgements_.emplace(saved);
    last_ = Ticket(0);
    acknowledgements_->connected(true);
  }

  Packets take() {
    std::vector<std::uint8_t> bytes;
    const std::size_t count = acknowledgements_->take_ready(bytes);
    EXPECT_EQ(bytes.size(), 4 * count);
    Packets packets;
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
      PacketHeader header;
      EXPECT_EQ(read_header(std::span(bytes).subspan(at), header), HeaderState::Complete);
      const auto id = parse_packet_id(std::span(bytes).subspan(at + 2, 2));
      packets.emplace_back(header.type(), id.value_or(0));
    }
    return packets;
  }

  void settle(std::uint64_t last) { acknowledgements_->settled(Ticket(last)); }

  std::optional<Acknowledgements> acknowledgements_{std::in_place};
  Ticket last_{};
};

constexpr auto kPuback = PacketType::Puback;
constexpr auto kPubrec = PacketType::Pubrec;

TEST_F(AcknowledgementsTest, NothingIsReadyBeforeItHasSettled) {
  arrive(receipt(1));
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(acknowledgements_->owed(), 1U);
  EXPECT_EQ(acknowledgements_->sent(), 0U);
}

TEST_F(AcknowledgementsTest, WhatHasSettledIsReadyOnceInTheOrderOfArrival) {
  arrive(receipt(9));
  arrive(receipt(3, 2));
  arrive(receipt(7));
  settle(2);
  EXPECT_EQ(take(), (Packets{{kPuback, 9}, {kPubrec, 3}}));
  EXPECT_TRUE(take().empty());
  settle(3);
  EXPECT_EQ(take(), (Packets{{kPuback, 7}}));
  EXPECT_EQ(acknowledgements_->owed(), 0U);
  EXPECT_EQ(acknowledgements_->sent(), 3U);
}

TEST_F(AcknowledgementsTest, ABatchGivesEachMessageTheTicketOfItsPosition) {
  // Message 1 of 3 has QoS 0 and owes nothing.
  std::vector<Receipt> receipts{receipt(5), receipt(6)};
  receipts[0].position = 0;
  receipts[1].position = 2;
  acknowledgements_->owe(receipts, Ticket(3), 3);
  settle(2);
  EXPECT_EQ(take(), (Packets{{kPuback, 5}}));
  settle(3);
  EXPECT_EQ(take(), (Packets{{kPuback, 6}}));
}

TEST_F(AcknowledgementsTest, WhatIsNotDeliveredWaitsOnlyForWhatArrivedBeforeIt) {
  std::vector<Receipt> receipts{receipt(5), receipt(6)};
  receipts[0].position = 0;  // the other one is not delivered
  acknowledgements_->owe(receipts, Ticket(1), 1);
  EXPECT_TRUE(take().empty());
  settle(1);
  EXPECT_EQ(take(), (Packets{{kPuback, 5}, {kPuback, 6}}));
}

TEST_F(AcknowledgementsTest, NothingIsSentForAConnectionThatHasEnded) {
  arrive(receipt(1));
  reconnect();
  settle(1);
  EXPECT_TRUE(take().empty());
}

TEST_F(AcknowledgementsTest, WhatArrivesAgainIsNotDeliveredAgainAndIsOwedWithItsOldTicket) {
  arrive(receipt(1, 1, 11));
  arrive(receipt(2, 1, 22));
  settle(1);
  reconnect();
  EXPECT_FALSE(arrive(again(1, 1, 11)));
  EXPECT_FALSE(arrive(again(2, 1, 22)));
  EXPECT_EQ(take(), (Packets{{kPuback, 1}}));
  settle(2);
  EXPECT_EQ(take(), (Packets{{kPuback, 2}}));
  EXPECT_EQ(acknowledgements_->redelivered(), 2U);
}

TEST_F(AcknowledgementsTest, ANewerMessageDoesNotOvertakeOneThatArrivedBeforeIt) {
  arrive(receipt(1, 1, 11));
  arrive(receipt(2, 1, 22));
  reconnect();
  EXPECT_FALSE(arrive(again(2, 1, 22)));
  EXPECT_FALSE(arrive(again(1, 1, 11)));
  settle(1);
  EXPECT_TRUE(take().empty());
  settle(2);
  EXPECT_EQ(take(), (Packets{{kPuback, 2}, {kPuback, 1}}));
}

TEST_F(AcknowledgementsTest, ConnectionsThatBreakAgainDoNotMakeItForget) {
  arrive(receipt(1, 1, 11));
  arrive(receipt(2, 1, 22));
  reconnect();
  EXPECT_FALSE(arrive(again(1, 1, 11)));  // and the connection breaks before 2
  reconnect();
  EXPECT_FALSE(arrive(again(1, 1, 11)));
  EXPECT_FALSE(arrive(again(2, 1, 22)));
}

TEST_F(AcknowledgementsTest, TheDupFlagAloneProvesNothing) {
  EXPECT_TRUE(arrive(again(1)));
  EXPECT_TRUE(arrive(again(2, 2)));
}

TEST_F(AcknowledgementsTest, OtherContentUnderTheSameIdIsAnotherMessage) {
  arrive(receipt(1, 1, 11));
  arrive(receipt(2, 2, 22));
  reconnect();
  EXPECT_TRUE(arrive(again(1, 1, 99)));
  EXPECT_TRUE(arrive(again(2, 2, 99)));
}

TEST_F(AcknowledgementsTest, ANewMessageTakesTheIdOver) {
  for (const auto qos : {std::uint8_t{1}, std::uint8_t{2}}) {
    arrive(receipt(1, qos, 11));
    reconnect();
    EXPECT_TRUE(arrive(receipt(1, qos, 11)));  // no DUP: new, though it looks the same
    EXPECT_TRUE(arrive(receipt(1, qos, 12)));
    reconnect();
    EXPECT_TRUE(arrive(again(1, qos, 11)));
  }
}

TEST_F(AcknowledgementsTest, WhatWasAcknowledgedIsNotRecognised) {
  // The broker may have given the id to another message with the same content.
  arrive(receipt(1));
  settle(1);
  take();
  reconnect();
  EXPECT_TRUE(arrive(again(1)));
}

TEST_F(AcknowledgementsTest, WithoutASessionEverythingIsForgotten) {
  arrive(receipt(1));
  arrive(receipt(2, 2));
  reconnect(false);
  EXPECT_TRUE(arrive(again(1)));
  EXPECT_TRUE(arrive(again(2, 2)));
}

TEST_F(AcknowledgementsTest, AQos2MessageIsRecognisedUntilItIsReleased) {
  arrive(receipt(1, 2));
  settle(1);
  EXPECT_EQ(take(), (Packets{{kPubrec, 1}}));
  reconnect();
  EXPECT_FALSE(arrive(again(1, 2)));
  EXPECT_EQ(take(), (Packets{{kPubrec, 1}}));
  acknowledgements_->released(1);
  reconnect();
  EXPECT_TRUE(arrive(again(1, 2)));
}

TEST_F(AcknowledgementsTest, StoredQos2IdsSurviveARestart) {
  arrive(receipt(1, 2, 11));
  arrive(receipt(2, 2, 22));
  arrive(receipt(3, 2, 33));
  restart(Ticket(2));  // 3 was not stored
  EXPECT_FALSE(arrive(again(1, 2, 11)));
  EXPECT_EQ(take(), (Packets{{kPubrec, 1}})) << "it is settled";
  EXPECT_TRUE(arrive(receipt(2, 2, 22))) << "without DUP it is new";
  EXPECT_TRUE(arrive(again(3, 2, 33)));
}

TEST_F(AcknowledgementsTest, LoadedIdsAreSavedAgainUntilTheyAreReleased) {
  arrive(receipt(1, 2, 11));
  restart(Ticket(1));
  restart(Ticket(0));
  EXPECT_FALSE(arrive(again(1, 2, 11)));
  acknowledgements_->released(1);
  restart(Ticket(5));
  EXPECT_TRUE(arrive(again(1, 2, 11)));
}

TEST_F(AcknowledgementsTest, TheStateKnowsWhatIsJustBeingDelivered) {
  arrive(receipt(1, 2));
  Receipt next = receipt(2, 2);
  next.position = 0;
  acknowledgements_->expect({&next, 1});
  const std::string state = acknowledgements_->state_at(Ticket(2));
  EXPECT_EQ(state.size(), 1 + 2 * 10U);
  EXPECT_EQ(acknowledgements_->state_at(Ticket(1)).size(), 1 + 10U);
}

TEST_F(AcknowledgementsTest, QoS1LeavesNoState) {
  arrive(receipt(1));
  EXPECT_TRUE(acknowledgements_->state_at(Ticket(1)).empty());
}

TEST_F(AcknowledgementsTest, AnEmptyListReplacesASavedOne) {
  arrive(receipt(1, 2));
  EXPECT_FALSE(acknowledgements_->state_at(Ticket(1)).empty());
  acknowledgements_->released(1);
  EXPECT_EQ(acknowledgements_->state_at(Ticket(1)).size(), 1U);
}

TEST_F(AcknowledgementsTest, AStateThatCannotBeReadIsNoState) {
  arrive(receipt(1, 2));
  const std::string good = acknowledgements_->state_at(Ticket(1));
  std::string other_version = good;
  other_version[0] = 99;
  for (const std::string& bad :
       {other_version, good.substr(0, good.size() - 1), std::string("x")}) {
    acknowledgements_.emplace(bad);
    last_ = Ticket(0);
    EXPECT_TRUE(arrive(again(1, 2)));
  }
}

TEST(Fingerprint, DependsOnTopicAndPayloadAndTheirBorder) {
  EXPECT_EQ(fingerprint("a", "b"), fingerprint("a", "b"));
  EXPECT_NE(fingerprint("a", "b"), fingerprint("b", "a"));
  EXPECT_NE(fingerprint("a", "bc"), fingerprint("ab", "c"));
  EXPECT_NE(fingerprint("a", ""), fingerprint("", "a"));
  // Stored on disk, so it must not change from one version to the next.
  EXPECT_EQ(fingerprint("sensors/7", "21.5"), 2012593671696913569U);
}

}  // namespace
}  // namespace sluice
