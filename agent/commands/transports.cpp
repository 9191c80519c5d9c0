#include "commands/transports.h"

#include "uplink/stdout_transport.h"

namespace sluice {

Result<std::unique_ptr<Transport>> make_transport(boost::asio::io_context& io,
                                                  const SinkConfig& sink,
                                                  const SenderIdentity& identity) {
  switch (sink.kind) {
    case SinkKind::Http:
      return make_http_transport(io, sink.http, identity);
    case SinkKind::Kafka:
      return make_kafka_transport(io, sink.kafka, identity);
    case SinkKind::Mqtt:
      return make_mqtt_transport(io, sink.mqtt, identity);
    case SinkKind::File:
      return make_file_transport(io, sink.file, identity);
    case SinkKind::Stdout:
      return make_stdout_transport(io);
  }
  return Error{Reaction::Reject, "there is no such kind of sink"};
}

}  // namespace sluice
