// A place to deliver to, with the head of the requests that it gets.
#pragma once

#include "core/result.h"
#include "uplink/http_head.h"
#include "uplink/http_routes.h"
#include "uplink/http_transport.h"

#include <string>

namespace sluice {

struct HttpStop {
  Url url;
  HttpHead head;
  HttpRoutes::Trust trust = HttpRoutes::Trust::Own;
  std::string authorization;  // "Basic …" if its URL holds credentials
};

// Rejects what HttpRoutes and HttpHead reject. Strangers get none of the configured headers but
// Content-Type and User-Agent: any other may be a key.
Result<HttpStop> make_stop(const Url& url, HttpRoutes::Trust trust, HttpTransportOptions options,
                           const SenderIdentity& identity, HttpRoutes& routes);

// For people: without credentials, nor what follows a question mark, which may be one.
std::string name_of(const Url& url);

// Authorization is among the configured headers.
bool sets_authorization(const HttpTransportOptions& options);

}  // namespace sluice
