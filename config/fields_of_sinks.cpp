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
std::vector<Field> delivery_fields(DeliveryOptions& delivery) {
  return {
      retry_field(delivery.retry),
      rate_limit_field(delivery.rate_limit),
      choice<DeliveryOrder>(
          "order", delivery.order,
          {{"oldest_first", DeliveryOrder::OldestFirst}, {"live_first", DeliveryOrder::LiveFirst}},
          "Whether a backlog or fresh data goes first."),
      integer("live_share", delivery.live_share_percent, {1, 99},
              "Percentage of the bytes that fresh data may take from a backlog; live_first only."),
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
  std::ranges::move(delivery_fields(sink.delivery), std::back_inserter(fields));
  return fields;
}

}  // namespace sluice::configuration
