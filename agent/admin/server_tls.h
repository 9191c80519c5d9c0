// TLS for connections that come in. Private to admin/.
#pragma once

#include "admin/options.h"
#include "core/result.h"

#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace sluice {

// TLS 1.2 and later. With client_ca, whoever has no certificate of such an issuer is turned away
// during the handshake. Rejects with the name of the file that does not load.
Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(const AdminTls& options);

}  // namespace sluice
