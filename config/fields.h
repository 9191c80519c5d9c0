// Every option there is.
#pragma once

#include "config/config.h"
#include "config/field.h"

#include <vector>

namespace sluice::configuration {

// The top level of the file. The fields refer to `config`, which must outlive them; entries of
// sources, flows and sinks are added to it as they are met, and fields of an entry are valid until
// the next entry of its kind is added.
std::vector<Field> config_fields(Config& config);

// Its parts.
std::vector<Field> admin_fields(AdminOptions& admin);
std::vector<Field> source_fields(SourceConfig& source);
std::vector<Field> flow_fields(FlowConfig& flow);
// How payloads are read: part of flow_fields().
std::vector<Field> decoder_fields(DecoderOptions& decode);
std::vector<Field> step_fields(StepConfig& step);  // the kinds of which it is one
std::vector<Field> test_fields(FlowTest& test);
std::vector<Field> sink_fields(SinkConfig& sink);
std::vector<Field> http_fields(HttpTransportOptions& http);
std::vector<Field> kafka_fields(KafkaTransportOptions& kafka);
std::vector<Field> mqtt_sink_fields(MqttTransportOptions& mqtt);
std::vector<Field> file_fields(FileTransportOptions& file);
Field responses_field(ResponseRules& rules);
Field rate_limit_field(RateLimitOptions& limit);
std::vector<Field> tls_fields(TlsOptions& tls);

}  // namespace sluice::configuration
