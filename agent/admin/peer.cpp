#include "admin/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

namespace sluice {

namespace {

std::string address_of(int socket) {
  sockaddr_in6 address{};  // the larger one of the two
  socklen_t size = sizeof(address);
  auto* general = reinterpret_cast<sockaddr*>(&address);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (::getpeername(socket, general, &size) != 0) {
    return "unknown";
  }
  const void* bytes = &address.sin6_addr;
  if (general->sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(general)->sin_addr;
  }
  const char* written = inet_ntop(general->sa_family, bytes, text.data(), text.size());
  return written != nullptr ? std::string(written) : "unknown";
}

}  // namespace

std::string peer_of(int socket) {
  int family = 0;
  socklen_t size = sizeof(family);
  if (::getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) {
    return "unknown";
  }
  if (family != AF_UNIX) {
    return address_of(socket);
  }
  ucred who{};
  size = sizeof(who);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) {
    return "unknown";
  }
  return "uid=" + std::to_string(who.uid) + " pid=" + std::to_string(who.pid);
}

std::string loggable(std::string_view text) {
  constexpr std::size_t kMost = 256;
  std::string out = "\"";
  for (const char c : text.substr(0, kMost)) {
    out += c > ' ' && c < '\x7F' && c != '"' && c != '\\' ? c : '?';
  }
  return out + (text.size() > kMost ? "…\"" : "\"");
}

}  // namespace sluice
