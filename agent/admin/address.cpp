#include "admin/address.h"

#include <boost/asio/ip/address.hpp>

#include <charconv>
#include <string_view>

namespace sluice {

namespace {

constexpr std::string_view kUnix = "unix:";

Error not_an_address() {
  return {Reaction::Reject,
          "must be an IP address and a port like 127.0.0.1:9600 or [::1]:9600, or unix:/path, or "
          "off"};
}

}  // namespace

Result<AdminAddress> parse_admin_address(const std::string& text) {
  AdminAddress address;
  if (text == "off") {
    address.kind = AdminAddress::Kind::Off;
    return address;
  }
  if (text.starts_with(kUnix)) {
    address.kind = AdminAddress::Kind::Unix;
    address.path = text.substr(kUnix.size());
    if (!address.path.starts_with('/') || address.path.ends_with('/')) {
      return Error{Reaction::Reject, "must name the socket by its whole path: unix:/path"};
    }
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return not_an_address();
  }
  std::string host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) {
    host = host.substr(1, host.size() - 2);
  }
  address.host = host == "localhost" ? "127.0.0.1" : host;
  boost::system::error_code failed;
  const auto parsed = boost::asio::ip::make_address(address.host, failed);
  const std::string_view digits = std::string_view(text).substr(colon + 1);
  const auto [end, wrong] =
      std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  const bool whole = wrong == std::errc() && end == digits.data() + digits.size();
  if (failed || parsed.is_v6() != brackets || !whole || address.port == 0) {
    return not_an_address();
  }
  return address;
}

std::string to_text(const AdminAddress& address) {
  switch (address.kind) {
    case AdminAddress::Kind::Off:
      return "off";
    case AdminAddress::Kind::Unix:
      return std::string(kUnix) + address.path;
    case AdminAddress::Kind::Tcp:
      break;
  }
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

bool is_local(const AdminAddress& address) {
  if (address.kind != AdminAddress::Kind::Tcp) {
    return true;
  }
  boost::system::error_code failed;
  const auto parsed = boost::asio::ip::make_address(address.host, failed);
  return !failed && parsed.is_loopback();
}

}  // namespace sluice
