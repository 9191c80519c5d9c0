#include "sources/mqtt_packet.h"

#include <array>

namespace sluice {
namespace {

constexpr std::uint8_t kMoreLengthBytes = 0x80;
constexpr std::uint8_t kRetain = 0x01;
constexpr std::uint8_t kDuplicate = 0x08;

// Bits of the CONNECT flags (3.1.2.3).
constexpr std::uint8_t kReserved = 0x01;
constexpr std::uint8_t kCleanStart = 0x02;
constexpr std::uint8_t kWill = 0x04;
constexpr std::uint8_t kWillQos = 0x18;
constexpr std::uint8_t kWillRetain = 0x20;
constexpr std::uint8_t kPassword = 0x40;
constexpr std::uint8_t kUsername = 0x80;

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Walks over a packet's body. The first read beyond its end makes ok() false, and every further one
// yields nothing, so that a parser may read on and look once.
class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint8_t byte() {
    const auto bytes = take(1);
    return bytes.empty() ? std::uint8_t{0} : bytes[0];
  }

  std::uint16_t two_bytes() {
    const auto bytes = take(2);
    return bytes.empty() ? std::uint16_t{0}
                         : static_cast<std::uint16_t>(unsigned{bytes[0]} << 8U | bytes[1]);
  }

  // 1.5.5
  std::uint32_t variable_length() {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift <= 21; shift += 7) {
      const std::uint8_t next = byte();
      value |= std::uint32_t{next & 0x7FU} << shift;
      if ((next & kMoreLengthBytes) == 0) {
        return value;
      }
    }
    ok_ = false;
    return 0;
  }

  std::string_view text(std::size_t size) { return as_text(take(size)); }
  std::string_view prefixed() { return text(two_bytes()); }
  std::string_view properties() { return text(variable_length()); }

  [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::span<const std::uint8_t> take(std::size_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }

  std::span<const std::uint8_t> rest_;
  bool ok_ = true;
};

// Topic and packet id. False if malformed.
bool read_publish_start(const PacketHeader& header, Cursor& cursor, PublishView& view) {
  view.qos = (header.first >> 1U) & 3U;
  view.retained = (header.first & kRetain) != 0;
  view.duplicate = (header.first & kDuplicate) != 0;
  view.topic = cursor.prefixed();
  if (view.qos > 0) {
    view.packet_id = cursor.two_bytes();
  }
  const bool has_id = view.qos == 0 || view.packet_id != 0;
  return cursor.ok() && view.qos < 3 && has_id && !view.topic.empty();
}

void append_length(std::vector<std::uint8_t>& out, std::size_t value) {
  while (value > 0x7F) {
    out.push_back(static_cast<std::uint8_t>(value | kMoreLengthBytes));
    value >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

std::size_t length_size(std::size_t value) {
  std::size_t size = 1;
  for (; value > 0x7F; value >>= 7U) {
    ++size;
  }
  return size;
}

void append_two_bytes(std::vector<std::uint8_t>& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_raw(std::vector<std::uint8_t>& out, std::string_view bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_prefixed(std::vector<std::uint8_t>& out, std::string_view text) {
  append_two_bytes(out, text.size());
  append_raw(out, text);
}

void append_properties(std::vector<std::uint8_t>& out, std::string_view properties,
                       MqttVersion version) {
  if (version == MqttVersion::V5) {
    append_length(out, properties.size());
    append_raw(out, properties);
  }
}

std::uint8_t first_byte(PacketType type, unsigned flags = 0) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4U | flags);
}

std::optional<ConnectOptions::Will> read_will(Cursor& cursor, std::uint8_t flags,
                                              MqttVersion version) {
  if ((flags & kWill) == 0) {
    return std::nullopt;
  }
  ConnectOptions::Will will;
  will.qos = static_cast<std::uint8_t>((flags & kWillQos) >> 3U);
  will.retain = (flags & kWillRetain) != 0;
  if (version == MqttVersion::V5) {
    will.properties = cursor.properties();
  }
  will.topic = cursor.prefixed();
  will.payload = cursor.prefixed();
  return will;
}

std::uint8_t connect_flags(const ConnectOptions& options) {
  unsigned flags = options.clean_start ? kCleanStart : 0U;
  if (options.will) {
    flags |= kWill | (unsigned{options.will->qos} << 3U & kWillQos);
    flags |= options.will->retain ? kWillRetain : 0U;
  }
  flags |= options.username ? kUsername : 0U;
  flags |= options.password ? kPassword : 0U;
  return static_cast<std::uint8_t>(flags);
}

}  // namespace

HeaderState read_header(std::span<const std::uint8_t> bytes, PacketHeader& header) {
  if (bytes.empty()) {
    return HeaderState::Incomplete;
  }
  if (bytes[0] >> 4U == 0) {
    return HeaderState::Malformed;
  }
  header = {.first = bytes[0]};
  for (std::size_t i = 1; i < kMaxHeaderSize; ++i) {
    if (i == bytes.size()) {
      return HeaderState::Incomplete;
    }
    header.body_size |= std::uint32_t{bytes[i] & 0x7FU} << (7U * (i - 1));
    if ((bytes[i] & kMoreLengthBytes) == 0) {
      header.size = static_cast<std::uint8_t>(i + 1);
      return HeaderState::Complete;
    }
  }
  return HeaderState::Malformed;
}

std::optional<PublishView> parse_publish(const PacketHeader& header,
                                         std::span<const std::uint8_t> body, MqttVersion version) {
  Cursor cursor(body);
  PublishView view;
  if (!read_publish_start(header, cursor, view)) {
    return std::nullopt;
  }
  if (version == MqttVersion::V5) {
    view.properties = cursor.properties();
    if (!cursor.ok()) {
      return std::nullopt;
    }
  }
  view.payload = as_text(cursor.rest());
  return view;
}

std::optional<PublishHead> parse_publish_head(const PacketHeader& header,
                                              std::span<const std::uint8_t> begin,
                                              MqttVersion version) {
  Cursor cursor(begin);
  PublishHead head;
  if (!read_publish_start(header, cursor, head.view)) {
    return std::nullopt;
  }
  std::size_t properties = 0;
  if (version == MqttVersion::V5) {
    properties = cursor.variable_length();
  }
  const std::size_t read = begin.size() - cursor.rest().size();
  if (!cursor.ok() || begin.size() > header.body_size || properties > header.body_size - read) {
    return std::nullopt;
  }
  const auto there = cursor.rest();
  head.payload_size = header.body_size - read - properties;
  if (properties <= there.size()) {
    head.view.properties = as_text(there.first(properties));
    head.view.payload = as_text(there.subspan(properties));
  }
  return head;
}

std::optional<ConnectOptions> parse_connect(const PacketHeader& header,
                                            std::span<const std::uint8_t> body) {
  Cursor cursor(body);
  ConnectOptions connect;
  const std::string_view protocol = cursor.prefixed();
  const std::uint8_t level = cursor.byte();
  const std::uint8_t flags = cursor.byte();
  if (header.first != first_byte(PacketType::Connect) || protocol != "MQTT" || level < 4 ||
      level > 5 || (flags & kReserved) != 0) {
    return std::nullopt;
  }
  connect.version = static_cast<MqttVersion>(level);
  connect.clean_start = (flags & kCleanStart) != 0;
  connect.keep_alive = cursor.two_bytes();
  if (connect.version == MqttVersion::V5) {
    connect.properties = cursor.properties();
  }
  connect.client_id = cursor.prefixed();
  connect.will = read_will(cursor, flags, connect.version);
  if ((flags & kUsername) != 0) {
    connect.username = cursor.prefixed();
  }
  if ((flags & kPassword) != 0) {
    connect.password = cursor.prefixed();
  }
  if (!cursor.ok() || !cursor.rest().empty()) {
    return std::nullopt;
  }
  return connect;
}

std::optional<ConnackView> parse_connack(std::span<const std::uint8_t> body) {
  if (body.size() < 2) {
    return std::nullopt;
  }
  return ConnackView{.session_present = (body[0] & 1U) != 0, .code = body[1]};
}

std::optional<std::uint16_t> parse_packet_id(std::span<const std::uint8_t> body) {
  Cursor cursor(body);
  const std::uint16_t packet_id = cursor.two_bytes();
  if (packet_id == 0) {
    return std::nullopt;
  }
  return packet_id;
}

std::optional<SubackView> parse_suback(std::span<const std::uint8_t> body, MqttVersion version) {
  Cursor cursor(body);
  SubackView view;
  view.packet_id = cursor.two_bytes();
  if (version == MqttVersion::V5) {
    cursor.properties();
  }
  view.code = cursor.byte();
  if (!cursor.ok() || view.packet_id == 0 || !cursor.rest().empty()) {
    return std::nullopt;
  }
  return view;
}

void append_connect(std::vector<std::uint8_t>& out, const ConnectOptions& options) {
  // The body is made first, because its length comes before it and CONNECT is rare.
  std::vector<std::uint8_t> body;
  append_prefixed(body, "MQTT");
  body.push_back(static_cast<std::uint8_t>(options.version));
  body.push_back(connect_flags(options));
  append_two_bytes(body, options.keep_alive);
  append_properties(body, options.properties, options.version);
  append_prefixed(body, options.client_id);
  if (options.will) {
    append_properties(body, options.will->properties, options.version);
    append_prefixed(body, options.will->topic);
    append_prefixed(body, options.will->payload);
  }
  if (options.username) {
    append_prefixed(body, *options.username);
  }
  if (options.password) {
    append_prefixed(body, *options.password);
  }
  out.push_back(first_byte(PacketType::Connect));
  append_length(out, body.size());
  out.insert(out.end(), body.begin(), body.end());
}

void append_publish(std::vector<std::uint8_t>& out, const PublishView& message,
                    MqttVersion version) {
  std::size_t size = 2 + message.topic.size() + message.payload.size();
  if (message.qos > 0) {
    size += 2;
  }
  if (version == MqttVersion::V5) {
    size += length_size(message.properties.size()) + message.properties.size();
  }
  const unsigned flags = unsigned{message.qos} << 1U | (message.retained ? kRetain : 0U) |
                         (message.duplicate ? kDuplicate : 0U);
  out.push_back(first_byte(PacketType::Publish, flags));
  append_length(out, size);
  append_prefixed(out, message.topic);
  if (message.qos > 0) {
    append_two_bytes(out, message.packet_id);
  }
  append_properties(out, message.properties, version);
  append_raw(out, message.payload);
}

void append_acknowledgement(std::vector<std::uint8_t>& out, PacketType type,
                            std::uint16_t packet_id) {
  // PUBREL carries the reserved flags 0010 (2.1.3).
  const unsigned flags = type == PacketType::Pubrel ? 2U : 0U;
  const std::array<std::uint8_t, 4> packet{first_byte(type, flags), 2,
                                           static_cast<std::uint8_t>(packet_id >> 8U),
                                           static_cast<std::uint8_t>(packet_id)};
  out.insert(out.end(), packet.begin(), packet.end());
}

void append_subscribe(std::vector<std::uint8_t>& out, const SubscribeOptions& options,
                      MqttVersion version) {
  constexpr unsigned kNoRetained = 2U << 4U;  // 3.8.3.1
  std::vector<std::uint8_t> body;
  append_two_bytes(body, options.packet_id);
  append_properties(body, {}, version);
  append_prefixed(body, options.filter);
  const bool without = version == MqttVersion::V5 && options.without_retained;
  body.push_back(static_cast<std::uint8_t>(options.qos | (without ? kNoRetained : 0U)));
  out.push_back(first_byte(PacketType::Subscribe, 2));
  append_length(out, body.size());
  out.insert(out.end(), body.begin(), body.end());
}

void append_empty(std::vector<std::uint8_t>& out, PacketType type) {
  out.push_back(first_byte(type));
  out.push_back(0);
}

}  // namespace sluice
