// One connection to the admin endpoint. Private to admin/.
#pragma once

#include "admin/exchange.h"
#include "admin/gate.h"
#include "admin/mailbox.h"
#include "admin/routes.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice {

struct AdminLimits {
  std::size_t connections = 64;               // of each address; more are told to come later
  std::uint32_t header_bytes = 8UL * 1024;    // request line and headers
  std::uint64_t body_bytes = 64UL * 1024;     // of a request
  std::chrono::milliseconds request{10'000};  // from the first byte awaited to the last one there
  std::chrono::milliseconds answer{60'000};   // until a handler has the next piece of its answer
  std::chrono::milliseconds write{30'000};    // until the client has taken a piece
  std::chrono::milliseconds retry{5'000};     // between attempts to listen on a taken address
};

// What all connections share. Outlives them.
struct AdminService {
  AdminRoutes routes;
  AdminGate gate;
  AdminLimits limits;
  std::shared_ptr<AdminMailbox> mailbox;
};

// Exists as long as the connection counts.
using ConnectionSlot = std::shared_ptr<void>;

using AdminSocket = boost::asio::generic::stream_protocol::socket;

// Serve the connection until it ends. They own themselves; one thread, that of the socket.
void serve_plain(AdminSocket socket, AdminDoor door, const AdminService& service,
                 ConnectionSlot slot);
void serve_tls(AdminSocket socket, const std::shared_ptr<boost::asio::ssl::context>& context,
               AdminDoor door, const AdminService& service, ConnectionSlot slot);

}  // namespace sluice
