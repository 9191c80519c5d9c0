// What a transport counts about its connections.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

// Any thread.
struct HttpMeter {
  std::atomic<std::uint64_t> connects = 0;
  std::atomic<std::uint64_t> sent_bytes = 0;  // heads and bodies, before TLS and TCP wrap them
  // When the server's certificate expires, as of the last handshake; milliseconds, 0: not known.
  std::atomic<std::int64_t> server_expires_ms = 0;
};

}  // namespace sluice
