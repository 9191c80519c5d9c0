#include "sources/packet_reader.h"

#include "core/clock.h"
#include "core/source.h"
#include "sources/acknowledgements.h"
#include "sources/delivery.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace sluice {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Next = PacketReader::Next;

constexpr PacketLimits kLimits{.publish = 40'000, .other = 1'000};

void feed(PacketReader& reader, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const auto space = reader.space();
    ASSERT_FALSE(space.empty());
    const std::size_t size = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), size, space.begin());
    reader.filled(size);
    bytes = bytes.subspan(size);
    if (!bytes.empty()) {
      PacketReader::Packet packet;
      ASSERT_EQ(reader.next(packet), Next::Nothing) << "the test feeds one packet at a time";
    }
  }
}

Bytes publish(std::string_view topic, std::size_t payload) {
  Bytes bytes;
  append_publish(bytes, {.topic = topic, .payload = std::string(payload, 'p')}, MqttVersion::V311);
  return bytes;
}

TEST(PacketReader, GivesAPacketWhenItsLastByteIsThere) {
  PacketReader reader(16, kLimits);
  PacketReader::Packet packet;
  const Bytes bytes = publish("topic", 100);
  for (int round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      ASSERT_EQ(reader.next(packet), Next::Nothing) << i;
      feed(reader, std::span(bytes).subspan(i, 1));
    }
    ASSERT_EQ(reader.next(packet), Next::Packet);
    EXPECT_TRUE(std::ranges::equal(packet.whole, bytes));
  }
}

TEST(PacketReader, APacketOfExactlyTheLimitIsWholeAndOneByteMoreIsCut) {
  PacketReader reader(1'024, kLimits);
  PacketReader::Packet packet;
  const std::size_t overhead = publish("t", 39'000).size() - 39'000;
  feed(reader, publish("t", 40'000 - overhead));
  ASSERT_EQ(reader.next(packet), Next::Packet);
  EXPECT_EQ(packet.whole.size(), 40'000U);
  feed(reader, publish("t", 40'001 - overhead));
  ASSERT_EQ(reader.next(packet), Next::Cut);
  EXPECT_EQ(packet.header.packet_size(), 40'001U);
}

TEST(PacketReader, KeepsOnlyTheBeginningOfWhatItCuts) {
  PacketReader reader(1'024, kLimits);
  PacketReader::Packet packet;
  const Bytes bytes = publish("t", 5'000'000);
  feed(reader, bytes);
  ASSERT_EQ(reader.next(packet), Next::Cut);
  EXPECT_TRUE(std::ranges::equal(
      packet.body, std::span(bytes).subspan(packet.header.size, PacketReader::kCutSize)));
  EXPECT_LE(reader.space().size(), 1'024U);
  feed(reader, publish("u", 3));
  EXPECT_EQ(reader.next(packet), Next::Packet);
}

TEST(PacketReader, AnotherPacketAboveItsLimitIsMalformed) {
  PacketReader reader(1'024, kLimits);
  PacketReader::Packet packet;
  feed(reader, Bytes{0x90, 0xff, 0xff, 0xff, 0x7f});
  EXPECT_EQ(reader.next(packet), Next::Malformed);
}

TEST(PacketReader, GivesTheMemoryOfALargePacketBack) {
  PacketReader reader(1'024, kLimits);
  PacketReader::Packet packet;
  feed(reader, publish("t", 30'000));
  ASSERT_EQ(reader.next(packet), Next::Packet);
  EXPECT_EQ(reader.next(packet), Next::Nothing);
  EXPECT_EQ(reader.space().size(), 1'024U);
}

// ---- whatever arrives, in whatever pieces

class CountingInlet final : public Inlet {
 public:
  Ticket deliver(MessageBatch& batch) override {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      payloads.emplace_back(batch[i].payload);
    }
    batch.clear();
    return Ticket(payloads.size());
  }
  [[nodiscard]] bool full() const override { return false; }
  void flush() override {}

  std::vector<std::string> payloads;
};

class Session {
 public:
  explicit Session(MqttVersion version) : version_(version) {}

  // False once the stream is malformed.
  bool receive(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
      const auto space = reader_.space();
      const std::size_t size = std::min(space.size(), bytes.size());
      std::copy_n(bytes.begin(), size, space.begin());
      reader_.filled(size);
      bytes = bytes.subspan(size);
      delivery_.begin(Timestamp(), Instant());
      if (!take_packets()) return false;
      if (bytes.size() % 3 == 0) delivery_.hand_over();
    }
    return true;
  }

  std::vector<std::string> finish() {
    delivery_.hand_over();
    return std::move(inlet_.payloads);
  }

 private:
  bool take_packets() {
    PacketReader::Packet packet;
    while (true) {
      switch (reader_.next(packet)) {
        case Next::Packet:
          if (packet.header.type() == PacketType::Publish && !delivery_.take(packet, version_)) {
            return false;
          }
          static_cast<void>(parse_packet_id(packet.body));  // must not read beyond it
          static_cast<void>(parse_connack(packet.body));
          static_cast<void>(parse_connect(packet.header, packet.body));
          continue;
        case Next::Cut:
          if (!delivery_.take_cut(packet, version_)) return false;
          continue;
        case Next::Nothing:
          return true;
        case Next::Malformed:
          return false;
      }
    }
  }

  MqttVersion version_;
  PacketReader reader_{2'048, kLimits};
  CountingInlet inlet_;
  Acknowledgements acknowledgements_;
  LinkTotals totals_;
  Delivery delivery_{false, inlet_, acknowledgements_, totals_};
};

class Fuzz : public ::testing::TestWithParam<MqttVersion> {
 protected:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  std::string text(std::size_t size) {
    std::string text(size, '\0');
    for (char& c : text)
      c = static_cast<char>(below(256));
    return text;
  }

  // A stream of packets, and the payloads of the messages in it.
  Bytes stream(std::vector<std::string>& payloads) {
    Bytes bytes;
    for (std::size_t count = below(12) + 1; count > 0; --count) {
      if (below(4) == 0) {
        append_acknowledgement(bytes, static_cast<PacketType>(4 + below(4)),
                               static_cast<std::uint16_t>(below(65'535) + 1));
        continue;
      }
      const auto qos = static_cast<std::uint8_t>(below(3));
      const std::string payload = text(below(10) == 0 ? below(60'000) : below(300));
      const std::string topic = text(below(40) + 1);
      const std::string properties = text(below(20));
      const std::size_t before = bytes.size();
      append_publish(bytes,
                     {.topic = topic,
                      .payload = payload,
                      .properties = properties,
                      .packet_id = static_cast<std::uint16_t>(qos == 0 ? 0 : below(65'535) + 1),
                      .qos = qos,
                      .retained = below(2) == 0},
                     GetParam());
      const bool whole = bytes.size() - before <= kLimits.publish;
      payloads.push_back(whole ? payload : payload.substr(0, 1'024));
    }
    return bytes;
  }

  // In random pieces. False once it is malformed.
  bool feed_in_pieces(Session& session, const Bytes& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t most = below(3) == 0 ? 3 : 5'000;
      const std::size_t size = std::min(below(most) + 1, bytes.size() - at);
      // A copy of exactly this size, so that a sanitizer notices a read beyond it.
      const Bytes piece(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                        bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
      if (!session.receive(piece)) return false;
      at += size;
    }
    return true;
  }

  void seed(std::uint32_t value) { random_.seed(value); }

 private:
  std::mt19937 random_;
};

TEST_P(Fuzz, AValidStreamIsDeliveredExactlyHoweverItIsCut) {
  const auto first = std::random_device{}();
  for (std::uint32_t i = 0; i < 500; ++i) {
    SCOPED_TRACE("seed " + std::to_string(first + i));
    seed(first + i);
    std::vector<std::string> payloads;
    const Bytes bytes = stream(payloads);
    Session session(GetParam());
    ASSERT_TRUE(feed_in_pieces(session, bytes));
    ASSERT_EQ(session.finish(), payloads);
  }
}

TEST_P(Fuzz, AMutatedStreamIsReadOrRefusedButNeverHarmful) {
  const auto first = std::random_device{}();
  std::cout << "first seed " << first << '\n';
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    seed(first + i);
    std::vector<std::string> payloads;
    Bytes bytes = stream(payloads);
    for (std::size_t count = below(8) + 1; count > 0; --count) {
      const std::size_t at =
          below(std::min<std::size_t>(bytes.size(), below(2) == 0 ? 64 : 65'536));
      switch (below(3)) {
        case 0:
          bytes[at] = static_cast<std::uint8_t>(below(256));
          break;
        case 1:
          bytes[at] = 0xff;
          break;
        default:
          bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                       static_cast<std::uint8_t>(below(256)));
          break;
      }
    }
    Session session(GetParam());
    feed_in_pieces(session, bytes);
    EXPECT_LE(session.finish().size(), bytes.size() / 4) << "seed " << first + i;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, Fuzz, ::testing::Values(MqttVersion::V311, MqttVersion::V5),
                         [](const auto& each) {
                           return each.param == MqttVersion::V5 ? "V5" : "V311";
                         });

}  // namespace
}  // namespace sluice
