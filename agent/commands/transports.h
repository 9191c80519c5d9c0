// From the configuration of a sink to what carries its blocks.
#pragma once

#include "config/config.h"
#include "core/result.h"
#include "core/transport.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>

#include <memory>

namespace sluice {

// `io` runs on the uplink's thread and outlives the transport. Errors are those of the transport of
// this kind.
Result<std::unique_ptr<Transport>> make_transport(boost::asio::io_context& io,
                                                  const SinkConfig& sink,
                                                  const SenderIdentity& identity);

}  // namespace sluice
