#include "config/rules_of_sinks.h"

#include "config/rules.h"
#include "uplink/kafka_settings.h"
#include "uplink/record_template.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::configuration {

namespace {

Error wrong(std::string why) {
  return {Reaction::Reject, std::move(why)};
}

bool may_stand_in_kafka_topic(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-';
}

}  // namespace

Status check_template(const std::string& text) {
  const auto made = RecordTemplate::make(text);
  return made ? Status{} : made.error();
}

Status check_kafka_topic(const std::string& text) {
  const auto made = RecordTemplate::make(text);
  if (!made) {
    return made.error();
  }
  if (made->empty() || !std::ranges::all_of(made->literals(), may_stand_in_kafka_topic)) {
    return wrong(
        "is not a Kafka topic: use letters, digits, '.', _ and -, {agent}, {flow}, {topic}");
  }
  return {};
}

Status check_publish_topic(const std::string& text) {
  const auto made = RecordTemplate::make(text);
  if (!made) {
    return made.error();
  }
  if (made->empty() || made->literals().find_first_of("+#") != std::string::npos) {
    return wrong("is not a topic to publish to: it must not be empty or hold + or #");
  }
  return {};
}

Status check_broker_address(const std::string& text) {
  if (text.empty() || text.find_first_of(", \t") != std::string::npos) {
    return wrong("must be one address of the form host:port");
  }
  return {};
}

Status check_kafka_property(const std::string& name, const std::string& text) {
  return check_kafka_setting(name, text);
}

bool is_secret_property(const std::string& name) {
  constexpr std::array<std::string_view, 5> kTelltales{"password", "secret", "key.pem",
                                                       "oauthbearer.config", "token"};
  const std::string lower = lower_case(name);
  return !lower.ends_with(".url") &&
         std::ranges::any_of(kTelltales, [&](std::string_view telltale) {
           return lower.find(telltale) != std::string::npos;
         });
}

Status check_file_path(const std::string& text) {
  if (!text.starts_with('/')) {
    return wrong("must be an absolute path");
  }
  return text.ends_with('/') ? Status(wrong("must name a file, not a directory")) : Status{};
}

}  // namespace sluice::configuration
