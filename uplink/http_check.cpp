#include "uplink/http_check.h"

#include "uplink/http_courier.h"
#include "uplink/http_routes.h"
#include "uplink/oauth2.h"
#include "uplink/step_deadline.h"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace sluice {

namespace {

constexpr std::string_view kMethod = "OPTIONS";

constexpr unsigned kUnauthorized = 401;
constexpr unsigned kForbidden = 403;
constexpr unsigned kNotFound = 404;
constexpr unsigned kMethodNotAllowed = 405;
constexpr unsigned kProxyAuthenticationRequired = 407;
constexpr unsigned kTooManyRequests = 429;
constexpr unsigned kInternalServerError = 500;
constexpr unsigned kNotImplemented = 501;

bool has_credentials(const HttpTransportOptions& options) {
  const HttpAuth& auth = options.auth;
  return !auth.bearer.empty() || !auth.username.empty() || !auth.bearer_file.empty() ||
         !auth.oauth2.client_id.empty() || !options.url.user.empty();
}

// What a status lets expect of deliveries.
std::string meaning(const HttpReply& reply, const HttpTransportOptions& options) {
  switch (reply.status) {
    case kUnauthorized:
      return has_credentials(options)
                 ? ": it does not accept the credentials in `auth`: check them, deliveries will "
                   "not be taken"
                 : ": it wants to know who asks: set `auth`, deliveries will not be taken without";
    case kForbidden:
      return ": it knows who asks and does not allow it: have this agent given the right to send "
             "there";
    case kNotFound:
      return ": it has nothing for this method at this path, which may be all right for a path "
             "that takes " +
             options.method + " only; if deliveries are answered 404, too, correct the path in url";
    case kMethodNotAllowed:
    case kNotImplemented:
      return ", as endpoints do that take " + options.method + " only";
    case kTooManyRequests:
      return ": it is asked too much at the moment; deliveries wait until it has time";
    default:
      break;
  }
  if (!reply.location.empty() && reply.status >= 300 && reply.status < 400) {
    return ", it points to another place: set url to the right one, or set follow_redirects";
  }
  if (reply.status >= kInternalServerError) {
    return ": the endpoint has a problem of its own; deliveries will wait until it is solved";
  }
  return "";
}

// By when single steps must be over, so that they can say themselves what hangs.
std::chrono::milliseconds step_time(std::chrono::milliseconds at_most) {
  return at_most * 9 / 10;
}

std::string too_late(std::chrono::milliseconds at_most) {
  return "not done within " + std::to_string(at_most.count()) +
         " ms, although no single step hangs";
}

// Until there is something in `result`.
template <class T>
void run_until(boost::asio::io_context& io, const std::optional<T>& result) {
  while (!result && io.run_one() > 0) {
  }
}

}  // namespace

Result<std::string> check_http_endpoint(HttpTransportOptions options,
                                        const SenderIdentity& identity,
                                        std::chrono::milliseconds at_most) {
  const HttpTransportOptions configured = options;
  options.method = kMethod;
  options.fallback_urls.clear();
  options.timeout = step_time(at_most);
  boost::asio::io_context io{1};
  std::optional<HttpReply> reply;
  std::optional<Answer> answer;
  auto courier = HttpCourier::make(
      io, std::move(options), identity,
      [&reply](const HttpReply& given) {
        reply = given;
        return answer_of(given, system_clock().now());
      },
      system_clock());
  if (!courier) {
    return courier.error();
  }
  bool timed_out = false;
  StepDeadline deadline(io);
  deadline.set(at_most, [&] {
    timed_out = true;
    (*courier)->cancel();
  });
  (*courier)->carry({.head = [](const HttpHead& head) { return head.without_block(); },
                     .body = std::make_shared<const std::string>()},
                    [&answer](Answer given) { answer = std::move(given); });
  run_until(io, answer);
  if (!reply) {
    return Error{Reaction::Retry, timed_out ? too_late(at_most) : answer->detail};
  }
  const std::string status = std::to_string(reply->status);
  if (reply->status == kProxyAuthenticationRequired) {
    return Error{Reaction::Reject,
                 "the proxy answers 407, so nothing reaches the endpoint: put user and password "
                 "into the URL of the proxy"};
  }
  return "reachable, answers " + status + " to " + std::string(kMethod) +
         meaning(*reply, configured);
}

Result<std::string> check_http_token(const HttpTransportOptions& options,
                                     std::chrono::milliseconds at_most, const Clock& clock) {
  HttpTransportOptions hurried = options;
  hurried.timeout = step_time(at_most);
  boost::asio::io_context io{1};
  HttpRoutes routes(hurried, proxy_environment());
  const auto way = [&routes, &hurried] {
    return routes.to(hurried.auth.oauth2.token_url, HttpRoutes::Trust::Other,
                     std::make_shared<HttpMeter>());
  };
  auto tokens = OAuth2Tokens::make(io, hurried.auth.oauth2, way, clock);
  if (!tokens) {
    return tokens.error();
  }
  std::optional<Result<std::string>> token;
  StepDeadline deadline(io);
  deadline.set(at_most, [&] {
    (*tokens)->cancel();
    token = Error{Reaction::Retry, too_late(at_most)};
  });
  (*tokens)->get([&token](const Result<std::string>& given) { token = given; });
  run_until(io, token);
  if (!*token) {
    return token->error();
  }
  return std::string("a token was given");
}

}  // namespace sluice
