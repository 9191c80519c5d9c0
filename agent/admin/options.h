// What a user may say about the admin endpoint. No library in here, so that config can hold it.
#pragma once

#include <cstdint>
#include <string>

namespace sluice {

struct AdminAddress {
  enum class Kind { Off, Tcp, Unix };

  Kind kind = Kind::Tcp;
  std::string host = "127.0.0.1";  // Tcp: an address, IPv6 without brackets
  std::uint16_t port = 9600;       // Tcp; 0: any free one
  std::string path{};              // Unix
};

struct AdminTls {
  std::string cert;       // PEM file with the server's certificate chain; empty: no TLS
  std::string key;        // PEM file with its private key
  std::string client_ca;  // PEM file with the issuers of clients' certificates; empty: none asked
};

struct AdminOptions {
  AdminAddress listen;
  std::string token;  // whoever presents it may see records and change things; empty: none
  AdminTls tls;
};

}  // namespace sluice
