// Why TLS with a server fails, for libraries that do not say it in words people understand.
#pragma once

#include "net/tls.h"
#include "net/url.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

// Connects once more and watches. `then` is called once, later, on the thread of `io`: with what
// went wrong, or an empty text if nothing did within `at_most`. Gives up without a call when the
// handle that it returns is gone.
std::shared_ptr<void> probe_tls(boost::asio::io_context& io, const Url& url,
                                const TlsOptions& options, TlsContext context,
                                std::chrono::milliseconds at_most,
                                std::function<void(std::string)> then);

}  // namespace sluice
