#include "uplink/mqtt_messages.h"

#include "uplink/codec.h"
#include "uplink/hex.h"
#include "uplink/record_lines.h"

namespace sluice {

namespace {

// What is stored is what is sent, wherever the two agree.
Result<std::shared_ptr<const std::string>> payload_of(const BlockPtr& block, bool compressed) {
  if (!compressed) {
    return text_of(block);
  }
  if (block->codec == Codec::ZstdNdjson) {
    return std::shared_ptr<const std::string>(block, &block->data);
  }
  auto frame = compress_frame(block->data);
  if (!frame) {
    return frame.error();
  }
  return std::make_shared<const std::string>(*std::move(frame));
}

}  // namespace

Result<MqttMessage> MqttMessages::of_block(const BlockPtr& block) {
  const bool compressed = compression_ == MqttCompression::Zstd;
  auto payload = payload_of(block, compressed);
  if (!payload) {
    return payload.error();
  }
  payload_ = *std::move(payload);
  MqttMessage message = addressed(*block, {});
  message.payload = *payload_;
  message.content_type = "application/x-ndjson";
  message.properties.emplace_back("sluice-first-seq", std::to_string(number(block->first)));
  message.properties.emplace_back("sluice-count", std::to_string(block->count));
  message.properties.emplace_back("sluice-encoding", compressed ? "zstd" : "identity");
  return message;
}

MqttMessage MqttMessages::of_record(const Block& block, std::string_view line) {
  MqttMessage message = addressed(block, topic_of(line, unescaped_topic_));
  message.payload = line;
  message.content_type = "application/json";
  return message;
}

MqttMessage MqttMessages::addressed(const Block& block, std::string_view record_topic) {
  const std::string& flow = identity_.flows.at(number(block.flow));
  topic_.expand({.agent = identity_.agent, .flow = flow, .topic = record_topic}, topic_name_);
  MqttMessage message;
  message.topic = topic_name_;
  message.properties = {{"sluice-agent", identity_.agent},
                        {"sluice-epoch", hex_of(identity_.epoch)},
                        {"sluice-flow", flow}};
  return message;
}

}  // namespace sluice
