#include "config/fields.h"
#include "config/rules.h"
#include "config/topic_filter.h"

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kLongestKeepAlive{65'535};       // two bytes in CONNECT
constexpr std::chrono::seconds kLongestSession{0xFFFF'FFFELL};  // 0xFFFFFFFF means for ever
constexpr std::int64_t kLargestPacket = 64LL * 1024 * 1024;

std::vector<Field> mqtt_tls_fields(TlsOptions& tls) {
  std::vector<Field> fields = tls_fields(tls);
  fields.push_back(text_list("alpn", tls.alpn, "Protocols to offer in the TLS handshake.")
                       .checked(check_protocol_name));
  return fields;
}

std::vector<Field> mqtt_fields(MqttSourceOptions& source) {
  return {
      url("url", source.url, {"mqtt", "mqtts", "ws", "wss"}, "Address of the broker.").require(),
      text_list("topics", source.topics, "Topic filters to subscribe to; $share/group/filter too.")
          .checked(check_subscription)
          .require(),
      integer("qos", source.qos, {0, 2}, "Highest quality of service to ask for."),
      choice<MqttVersion>("protocol", source.version,
                          {{"5", MqttVersion::V5}, {"3.1.1", MqttVersion::V311}},
                          "Version of MQTT."),
      text("client_id", source.client_id, "The broker keeps the session under this name.")
          .checked(check_not_empty)
          .shown_as("sluice-<agent.id>-<source>"),
      text("username", source.username, "User name for the broker.").checked(check_not_empty),
      secret("password", source.password, "Password for the broker."),
      duration("keep_alive", source.keep_alive, 1s, kLongestKeepAlive,
               "The connection is checked when nothing was sent for this long."),
      duration("session_expiry", source.session_expiry, 0s, kLongestSession,
               "How long the broker keeps messages for an agent that is away; protocol 5 only."),
      integer("receive_maximum", source.receive_maximum, {1, 65'535},
              "How many unacknowledged messages the broker may send; protocol 5 only."),
      choice<RetainedPolicy>("retained", source.retained,
                             {{"keep", RetainedPolicy::Keep},
                              {"skip", RetainedPolicy::Skip},
                              {"once", RetainedPolicy::Once}},
                             "What to do with retained messages."),
      duration("expect_message_every", source.expect_message_every, 1s, 24h * 365,
               "A connection that is silent for longer is taken for broken.")
          .or_off(),
      size("max_message_size", source.max_message_size, {1024, kLargestPacket},
           "Larger messages are not collected."),
      section("tls", mqtt_tls_fields(source.tls), "For mqtts and wss."),
  };
}

std::vector<Field> internal_fields(InternalSourceOptions& source) {
  return {
      duration("every", source.every, 1s, 24h, "How often the figures are sent."),
  };
}

}  // namespace

std::vector<Field> source_fields(SourceConfig& source) {
  return {choice<SourceKind>("type", source.kind,
                             {{"mqtt", SourceKind::Mqtt}, {"internal", SourceKind::Internal}},
                             "Kind of the source; internal: the agent's own figures.")
              .selecting({mqtt_fields(source.mqtt), internal_fields(source.internal)})};
}

}  // namespace sluice::configuration
