#include "admin/gate.h"

#include <boost/asio/ip/address.hpp>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

namespace sluice {

namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

Digest digest_of(std::string_view text) {
  Digest digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool same_word(std::string_view text, std::string_view lower) {
  return std::ranges::equal(text, lower, [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Without the port; of "[::1]:9600" what is between the brackets.
std::string_view name_in(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view() : authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

bool names_this_machine(std::string_view host) {
  const std::string_view name = name_in(host);
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(std::string(name), not_an_address);
  return !not_an_address || same_word(name, "localhost");
}

// "https://name:port" against "name:port".
bool is_own_page(std::string_view origin, std::string_view host) {
  const std::size_t mark = origin.find("://");
  return mark != std::string_view::npos && origin.substr(mark + 3) == host;
}

bool is_socket(AdminDoor door) {
  return door == AdminDoor::OwnSocket || door == AdminDoor::UnixSocket;
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  // Digests have one length, and a difference in them tells nothing about where the texts differ.
  const Digest first = digest_of(a);
  const Digest second = digest_of(b);
  return CRYPTO_memcmp(first.data(), second.data(), first.size()) == 0;
}

bool AdminGate::has_token(const AdminVisitor& visitor) const {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view given = visitor.authorization;
  return !token_.empty() && same_word(given.substr(0, kScheme.size()), kScheme) &&
         same_secret(given.substr(kScheme.size()), token_);
}

std::optional<AdminResponse> AdminGate::refuse(const AdminVisitor& visitor,
                                               AdminAccess access) const {
  if (visitor.door == AdminDoor::OwnSocket) {
    return std::nullopt;
  }
  const bool known = has_token(visitor);
  if (visitor.door == AdminDoor::Plain && !known && !visitor.host.empty() &&
      !names_this_machine(visitor.host)) {
    return admin_error(403, "ask for this endpoint by its address or as localhost");
  }
  if (visitor.changes && !visitor.origin.empty() && !is_own_page(visitor.origin, visitor.host)) {
    return admin_error(403, "another site's page may not change anything here");
  }
  if (access == AdminAccess::Open) {
    return std::nullopt;
  }
  if (!token_.empty() && !known) {
    return admin_error(401, "this needs the header Authorization: Bearer with admin.token");
  }
  const bool proved =
      known || is_socket(visitor.door) || visitor.door == AdminDoor::TlsWithCertificate;
  if (access == AdminAccess::Data && !proved) {
    return admin_error(403,
                       "records are shown and changes made only through sluice.sock in the data "
                       "directory, or with admin.token");
  }
  return std::nullopt;
}

}  // namespace sluice
