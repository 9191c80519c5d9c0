#include "config/fields.h"

#include <algorithm>
#include <iterator>

namespace sluice::configuration {

namespace {

using namespace std::chrono_literals;

Field retry_field(BackoffOptions& retry) {
  return section(
      "retry",
      {duration("initial", retry.initial, 10ms, 1h, "The first wait is at most so long."),
       duration("max", retry.max, 10ms, 24h, "No wait is longer.")},
      "Attempts go on for ever, with waits that double and are randomly shortened.");
}

// How blocks are brought to a destination, whatever its kind.
std::vector<Field> delivery_fields(SinkConfig& sink) {
  return {
      retry_field(sink.retry),
      unsupported("rate_limit", {}, "Limits what is sent in a second."),
      unsupported("order", {"oldest_first"}, "Whether backlog or fresh data goes first."),
  };
}

}  // namespace

std::vector<Field> sink_fields(SinkConfig& sink) {
  std::vector<Field> fields{choice<SinkKind>("type", sink.kind,
                                             {{"http", SinkKind::Http},
                                              {"kafka", SinkKind::Kafka},
                                              {"mqtt", SinkKind::Mqtt},
                                              {"file", SinkKind::File},
                                              {"stdout", SinkKind::Stdout}},
                                             "Kind of the sink.")
                                .selecting({http_fields(sink.http),
                                            kafka_fields(sink.kafka),
                                            mqtt_sink_fields(sink.mqtt),
                                            file_fields(sink.file),
                                            {}})};
  std::ranges::move(delivery_fields(sink), std::back_inserter(fields));
  return fields;
}

}  // namespace sluice::configuration
