// From blocks and records to the messages of the MQTT sink.
#pragma once

#include "core/block.h"
#include "core/result.h"
#include "uplink/mqtt_publisher.h"
#include "uplink/record_template.h"
#include "uplink/sender_identity.h"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

// Messages are views into the block and into memory that the next message uses again. One thread at
// a time.
class MqttMessages {
 public:
  MqttMessages(SenderIdentity identity, RecordTemplate topic, MqttCompression compression)
      : identity_(std::move(identity)), topic_(std::move(topic)), compression_(compression) {}

  Result<MqttMessage> of_block(const BlockPtr& block);
  MqttMessage of_record(const Block& block, std::string_view line);

 private:
  MqttMessage addressed(const Block& block, std::string_view record_topic);

  const SenderIdentity identity_;
  const RecordTemplate topic_;
  const MqttCompression compression_;
  std::shared_ptr<const std::string> payload_;
  std::string topic_name_;
  std::string unescaped_topic_;
};

}  // namespace sluice
