// What goes into the Authorization header.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "net/secret_file.h"
#include "uplink/http_transport.h"
#include "uplink/oauth2.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

// "Basic …" (RFC 7617).
std::string basic_credentials(const std::string& user, const std::string& password);

// Threads: the io_context's.
class HttpCredentials {
 public:
  // Rejects what would break out of its header line, and two ways at once. `tokens` is needed, and
  // used, if `auth` asks for OAuth 2.0.
  static Result<HttpCredentials> make(const HttpAuth& auth, std::unique_ptr<OAuth2Tokens> tokens);

  // Calls `then` with the value of the header, empty for none; at once or later, unless cancel()
  // comes first. Errors: Retry, the server that gives tokens is away; Reject, it refuses, or a file
  // cannot be used.
  void get(std::function<void(const Result<std::string>&)> then);

  // The destination has not accepted this value. True if get() would fetch another one.
  bool refused(const std::string& value);

  void cancel();

  [[nodiscard]] bool none() const { return fixed_.empty() && !file_ && !tokens_; }

 private:
  HttpCredentials() = default;
  Result<std::string> from_file();

  std::string fixed_;
  std::optional<SecretFile> file_;
  std::string username_;  // that goes with the password in the file; empty: it is a bearer token
  std::unique_ptr<OAuth2Tokens> tokens_;
};

}  // namespace sluice
