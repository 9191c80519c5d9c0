// Tokens of an OAuth 2.0 authorisation server, by client credentials (RFC 6749, section 4.4).
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "net/secret_file.h"
#include "uplink/http_connection.h"
#include "uplink/http_transport.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct AccessToken {
  std::string text;
  std::chrono::seconds lifetime{};
};

// Of the server's JSON. Rejects what holds no token that can be sent as a bearer token. A token
// without a lifetime is taken to live for an hour. What the answer says never gets into an error.
Result<AccessToken> parse_access_token(const std::string& json);

// One token, kept while it is valid. At 80 % of its life the next one is fetched, while the old one
// stays in use; what that costs when the server is away is nothing until the token has expired.
//
// Time:    a fetch takes the time-outs of its connection. Bounds: 64 KiB of answer.
// Threads: the io_context's.
class OAuth2Tokens {
 public:
  using Handler = std::function<void(const Result<std::string>&)>;
  // Made for every fetch, so that proxies and certificates are those of the moment.
  using Destination = std::function<Result<std::shared_ptr<const HttpDestination>>()>;

  // `io` and `clock` outlive it. Rejects what cannot be put into a request.
  static Result<std::unique_ptr<OAuth2Tokens>> make(boost::asio::io_context& io,
                                                    OAuth2Options options, Destination destination,
                                                    const Clock& clock);

  // Calls `then` once, at once with the token that it has, or later; unless cancel() comes first.
  // Errors: Retry, the server is away or busy; Reject, it refuses, or cannot be understood.
  void get(Handler then);

  // The destination has not accepted this token: it is forgotten if it is the latest one. True if
  // get() would fetch one.
  bool refused(const std::string& token);

  // Gives up what is under way, without calling anybody.
  void cancel();

 private:
  OAuth2Tokens(boost::asio::io_context& io, OAuth2Options options, Destination destination,
               const Clock& clock);
  [[nodiscard]] bool valid() const;
  void fetch();
  Result<std::shared_ptr<const HttpRequest>> request(const HttpDestination& destination);
  Result<std::string> secret();
  void fetched(const Result<HttpReply>& reply);
  void keep(AccessToken token);
  void answer(const Result<std::string>& token);
  [[nodiscard]] Error refusal(const HttpReply& reply) const;

  boost::asio::io_context& io_;
  OAuth2Options options_;
  Destination destination_;
  const Clock& clock_;
  std::optional<SecretFile> secret_file_;

  std::string token_;  // empty: none
  Instant expires_;
  Instant renew_;  // not before
  Handler waiting_;
  std::unique_ptr<HttpConnection> connection_;  // while a fetch is under way; uses the rest
};

}  // namespace sluice
