// Writes records to standard output, one line each: for containers, and for looking.
#pragma once

#include "core/transport.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>

namespace sluice {

// `descriptor` stays open and is not changed: it may be shared with other processes. Order: lines
// are whole, even when a write was interrupted. Confirmed means that the kernel has taken
// everything; what a reader then does with it cannot be known. Without a reader, or when it
// stands still for `timeout`: Retry.
std::unique_ptr<Transport> make_stdout_transport(
    boost::asio::io_context& io, int descriptor = 1,
    std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace sluice
