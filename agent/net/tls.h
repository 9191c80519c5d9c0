// TLS for client connections: one place for what the agent trusts and how it proves who it is.
#pragma once

#include "core/clock.h"
#include "core/result.h"
#include "net/tls_options.h"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

// Loads the certificates and keys that `options` names. TLS 1.2 and later only. The peer is
// verified against `ca`, or the system's store if that is empty, unless insecure_skip_verify says
// otherwise. Rejects with the file's name and OpenSSL's reason when something does not load, when
// key and certificate do not belong together, or when only one of the two is given.
Result<TlsContext> make_client_tls(const TlsOptions& options);

// Prepares one connection: SNI, the host name (or address) the certificate must carry, ALPN.
// `stream_handle` is the SSL* of a stream made from make_client_tls().
Status prepare_client_tls(SSL* stream_handle, const TlsOptions& options, const std::string& host);

// In plain words why a handshake failed: the verification error if there is one (expired, unknown
// issuer, wrong host name), OpenSSL's reason otherwise.
std::string tls_failure(SSL* stream_handle, const boost::system::error_code& error);

// When the first certificate of the chain expires: of the agent's own, none if it has none, and of
// the one that the other side has shown in its handshake.
std::optional<Timestamp> own_certificate_expiry(const TlsContext& context);
std::optional<Timestamp> peer_certificate_expiry(SSL* stream_handle);

}  // namespace sluice
