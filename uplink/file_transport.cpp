#include "uplink/file_transport.h"

#include "uplink/file_store.h"
#include "uplink/threaded_transport.h"

namespace sluice {

std::unique_ptr<Transport> make_file_transport(boost::asio::io_context& io,
                                               const FileTransportOptions& options,
                                               const SenderIdentity& identity) {
  static const SystemClock clock;
  return make_threaded_transport(io, make_file_store(options, identity, clock));
}

}  // namespace sluice
