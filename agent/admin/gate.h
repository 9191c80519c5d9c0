// Who may ask the agent what.
#pragma once

#include "admin/exchange.h"
#include "admin/routes.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

// The way a request has come.
enum class AdminDoor {
  OwnSocket,   // the socket in the data directory: only the agent's user and root can open it
  UnixSocket,  // the one that is configured; the same holds for it
  Plain,       // TCP
  Tls,
  TlsWithCertificate,  // the client has proved who it is during the handshake
};

// What of a request matters here. Headers are empty if absent.
struct AdminVisitor {
  AdminDoor door = AdminDoor::Plain;
  std::string_view host{};
  std::string_view origin{};
  std::string_view authorization{};
  bool changes = false;  // POST or DELETE
};

// Immutable.
class AdminGate {
 public:
  explicit AdminGate(std::string token) : token_(std::move(token)) {}

  // The answer to give instead of the one asked for; nothing: come in.
  //
  // Records and changes are for the owner: whoever opens a socket of the agent's user, presents the
  // token, or has a certificate. Without TLS and token the header Host must be an address or
  // localhost: a web page that has its own name point to 127.0.0.1 sends that name (DNS rebinding).
  [[nodiscard]] std::optional<AdminResponse> refuse(const AdminVisitor& visitor,
                                                    AdminAccess access) const;

 private:
  [[nodiscard]] bool has_token(const AdminVisitor& visitor) const;

  std::string token_;
};

// Takes the same time whatever they hold.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace sluice
