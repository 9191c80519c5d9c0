// Tries an HTTP endpoint without giving it a record.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "uplink/http_transport.h"
#include "uplink/sender_identity.h"

#include <chrono>
#include <string>

namespace sluice {

// Both block, at most as long as they are told, and answer in words for a human: what was found, or
// what is wrong and what to do. Every single step (resolve, connect, handshake, …) has nine tenths
// of the time, so that the one that hangs can be named.

// Sends OPTIONS to options.url, by the way that blocks take: proxy, certificates, credentials and
// headers are those of a delivery. Any status of the endpoint itself means that it is reachable;
// the words say what it lets expect. Fallback URLs are not looked at.
Result<std::string> check_http_endpoint(HttpTransportOptions options,
                                        const SenderIdentity& identity,
                                        std::chrono::milliseconds at_most);

// Fetches a token of auth.oauth2, which must be set, and forgets it.
Result<std::string> check_http_token(const HttpTransportOptions& options,
                                     std::chrono::milliseconds at_most,
                                     const Clock& clock = system_clock());

}  // namespace sluice
