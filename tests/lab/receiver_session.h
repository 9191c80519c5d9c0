// The HTTP side of the receiver: connections, requests, answers.
#pragma once

#include "tests/lab/receiver.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>

#include <map>
#include <string>

namespace sluice::lab {

struct Request {
  std::string method;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;                            // as it travelled
};

// Decides about requests. Called on the server's thread.
class Desk {
 public:
  virtual ~Desk() = default;

  // What to do with the request.
  virtual Behaviour decide(const Request& request) = 0;
  // It is answered now, unless it hangs or is closed. Returns the answer, which differs from
  // `behaviour` when the request turns out to be unfit.
  virtual Behaviour conclude(Request& request, const Behaviour& behaviour) = 0;
};

// Serves one connection until either side closes it; with TLS if `tls` is set. `desk` and `tls`
// outlive the socket's io_context.
void serve(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls, Desk& desk);

}  // namespace sluice::lab
