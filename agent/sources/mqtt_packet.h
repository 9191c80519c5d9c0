// The part of the MQTT wire format that the link must read and write itself. Source: MQTT Version
// 3.1.1 and MQTT Version 5.0, OASIS Standards; section numbers below are those of 5.0.
//
// Whatever is read here comes from the network and may be hostile: no length in it is believed
// before it has been compared with the bytes that are there. All functions: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace sluice {

enum class MqttVersion : std::uint8_t { V311 = 4, V5 = 5 };  // the protocol level in CONNECT

// 2.1.2
enum class PacketType : std::uint8_t {
  Connect = 1,
  Connack,
  Publish,
  Puback,
  Pubrec,
  Pubrel,
  Pubcomp,
  Subscribe,
  Suback,
  Unsubscribe,
  Unsuback,
  Pingreq,
  Pingresp,
  Disconnect,
  Auth
};

// The largest header of a packet: one byte, and the length in at most four (1.5.5).
constexpr std::size_t kMaxHeaderSize = 5;

// Fixed header: what the packet is, and how long.
struct PacketHeader {
  std::uint8_t first = 0;       // type and flags
  std::uint8_t size = 0;        // of the fixed header itself
  std::uint32_t body_size = 0;  // of everything behind it

  [[nodiscard]] PacketType type() const { return static_cast<PacketType>(first >> 4U); }
  [[nodiscard]] std::size_t packet_size() const { return std::size_t{size} + body_size; }
};

enum class HeaderState {
  Complete,    // the header is known; the body may still be on its way
  Incomplete,  // more bytes are needed
  Malformed,
};

// Reads the header of the packet that begins at `bytes`.
HeaderState read_header(std::span<const std::uint8_t> bytes, PacketHeader& header);

// A view: valid as long as the packet's bytes. The topic is not checked to be UTF-8: a broker sends
// a message again until it is acknowledged, so refusing it would end every connection from then on.
struct PublishView {
  std::string_view topic = {};
  std::string_view payload = {};
  std::string_view properties = {};  // as on the wire, without their length; protocol 5 only
  std::uint16_t packet_id = 0;       // QoS 1 and 2
  std::uint8_t qos = 0;
  bool retained = false;
  bool duplicate = false;
};

// Nothing if malformed. An empty topic is: we never allow the broker to use topic aliases.
std::optional<PublishView> parse_publish(const PacketHeader& header,
                                         std::span<const std::uint8_t> body, MqttVersion version);

// The same for a body of which only the beginning is there: the payload is what there is of it, and
// `payload_size` what it will be. The beginning must hold topic and packet id, that is
// kMaxPublishHead bytes of a body that has so many.
struct PublishHead {
  PublishView view;
  std::size_t payload_size = 0;
};
constexpr std::size_t kMaxPublishHead = 2 + 65535 + 2 + 4;
std::optional<PublishHead> parse_publish_head(const PacketHeader& header,
                                              std::span<const std::uint8_t> begin,
                                              MqttVersion version);

// CONNECT (3.1), read and written. Views: whoever fills it in keeps the bytes.
struct ConnectOptions {
  struct Will {
    std::string_view topic = {};
    std::string_view payload = {};
    std::string_view properties = {};  // as on the wire, without their length; protocol 5 only
    std::uint8_t qos = 0;
    bool retain = false;
  };

  MqttVersion version = MqttVersion::V5;
  std::string_view client_id = {};
  bool clean_start = true;
  std::uint16_t keep_alive = 60;     // seconds; 0: none
  std::string_view properties = {};  // as on the wire, without their length; protocol 5 only
  std::optional<Will> will = {};
  std::optional<std::string_view> username = {};
  std::optional<std::string_view> password = {};
};
std::optional<ConnectOptions> parse_connect(const PacketHeader& header,
                                            std::span<const std::uint8_t> body);

struct ConnackView {
  bool session_present = false;
  std::uint8_t code = 0;  // 0: accepted
};
std::optional<ConnackView> parse_connack(std::span<const std::uint8_t> body);

// The id in PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK, whatever follows it.
std::optional<std::uint16_t> parse_packet_id(std::span<const std::uint8_t> body);

// The broker's answer to the only filter of a SUBSCRIBE: the granted QoS, or an error code.
struct SubackView {
  std::uint16_t packet_id = 0;
  std::uint8_t code = 0;
};
std::optional<SubackView> parse_suback(std::span<const std::uint8_t> body, MqttVersion version);

// Each appends one packet. A text in it has at most 65535 bytes (1.5.4).
void append_connect(std::vector<std::uint8_t>& out, const ConnectOptions& options);
void append_publish(std::vector<std::uint8_t>& out, const PublishView& message,
                    MqttVersion version);
void append_acknowledgement(std::vector<std::uint8_t>& out, PacketType type,
                            std::uint16_t packet_id);  // PUBACK, PUBREC, PUBREL, PUBCOMP: success
struct SubscribeOptions {
  std::uint16_t packet_id = 1;
  std::string_view filter = {};
  std::uint8_t qos = 0;
  bool without_retained = false;  // protocol 5 only
};
void append_subscribe(std::vector<std::uint8_t>& out, const SubscribeOptions& options,
                      MqttVersion version);
void append_empty(std::vector<std::uint8_t>& out,
                  PacketType type);  // PINGREQ, PINGRESP, DISCONNECT: a header alone

}  // namespace sluice
