#include "commands/transports.h"

namespace sluice {

Result<std::unique_ptr<Transport>> make_transport(boost::asio::io_context& io,
                                                  const SinkConfig& sink,
                                                  const SenderIdentity& identity) {
  switch (sink.kind) {
    case SinkKind::Http:
      return make_http_transport(io, sink.http, identity);
    case SinkKind::Kafka:
    case SinkKind::Mqtt:
    case SinkKind::File:
    case SinkKind::Stdout:
      break;
  }
  return Error{Reaction::Reject, "this kind of sink cannot be delivered to yet"};
}

}  // namespace sluice
