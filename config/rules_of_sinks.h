// What single values of the sinks beside HTTP must look like; the conventions are those of rules.h.
#pragma once

#include "core/result.h"

#include <string>

namespace sluice::configuration {

// {agent}, {flow}, {topic} and text.
Status check_template(const std::string& text);
// Such a template that can only become the name of a Kafka topic, or of an MQTT topic.
Status check_kafka_topic(const std::string& text);
Status check_publish_topic(const std::string& text);

Status check_broker_address(const std::string& text);

// As librdkafka sees it.
Status check_kafka_property(const std::string& name, const std::string& text);
bool is_secret_property(const std::string& name);

// Of a file to write: absolute, and not a directory by its spelling.
Status check_file_path(const std::string& text);

}  // namespace sluice::configuration
