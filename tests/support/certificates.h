// Certificates for one test, made by the openssl program.
#pragma once

#include "tests/support/temp_directory.h"

#include <string>

namespace sluice::testing_support {

struct KeyPair {
  std::string cert;  // PEM files
  std::string key;
};

// A certification authority of its own. Everything it makes is deleted with it.
class Authority {
 public:
  Authority();  // throws if openssl fails

  [[nodiscard]] const std::string& ca() const { return ca_.cert; }
  // `name` becomes the common name and, with `names` (e.g. "DNS:localhost,IP:127.0.0.1"), what the
  // certificate is valid for. `days` below 0 makes one that has expired.
  KeyPair issue(const std::string& name, const std::string& names = "DNS:localhost,IP:127.0.0.1",
                int days = 30);

 private:
  TempDirectory directory_;
  KeyPair ca_;
};

}  // namespace sluice::testing_support
