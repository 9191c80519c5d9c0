// What a user may say about TLS. No library in here, so that option structs can hold it.
#pragma once

#include <string>
#include <vector>

namespace sluice {

struct TlsOptions {
  std::string ca;                 // PEM file with trusted issuers; empty: the system's store
  std::string cert;               // PEM file with the own certificate chain; empty: none
  std::string key;                // PEM file with its private key; goes with cert
  std::string server_name;        // expected in the peer's certificate; empty: the host of the URL
  std::vector<std::string> alpn;  // offered protocols in order; empty: no ALPN
  bool insecure_skip_verify = false;  // encrypts, but to whoever answers
};

}  // namespace sluice
