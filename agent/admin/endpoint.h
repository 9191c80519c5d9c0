// Sockets that listen: TCP, and Unix sockets that only their owner can open. Private to admin/.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string>

namespace sluice {

// A file descriptor that is closed at the end. One thread at a time.
class ListeningSocket {
 public:
  ListeningSocket(int descriptor, int family) : descriptor_(descriptor), family_(family) {}
  ~ListeningSocket();
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) = delete;
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  [[nodiscard]] int family() const { return family_; }
  [[nodiscard]] std::uint16_t port() const;  // of TCP
  int release();                             // the caller closes it

 private:
  int descriptor_;
  int family_;
};

Result<ListeningSocket> listen_tcp(const std::string& host, std::uint16_t port);

enum class Leftover {
  Replace,       // whoever made a socket of this name is gone for certain
  ReplaceIfDead  // it may be alive: ask
};

// Mode 0600 from its first moment on. Anything but a socket under this name is left alone and an
// error. `path` may be longer than the 107 bytes of a socket's address.
Result<ListeningSocket> listen_unix(const std::string& path, Leftover leftover);

// A connected descriptor, for the caller to close. Closed: nobody listens there.
Result<int> connect_unix(const std::string& path);

}  // namespace sluice
