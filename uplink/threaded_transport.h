// Destinations that are written to with calls that block get a thread of their own, so that a slow
// disk or a stuck reader holds nobody but its own sink.
#pragma once

#include "core/clock.h"
#include "core/transport.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>

namespace sluice {

// One thread at a time: that of its transport.
class BlockWork {
 public:
  virtual ~BlockWork() = default;

  // Writes the block, or what is missing of it when an earlier attempt got stuck half-way. May
  // block, but returns soon after a stop request wherever that is in its hands.
  virtual Answer write(const BlockPtr& block, const std::stop_token& stop) = 0;

  // When idle() is to be called, if nothing comes in between.
  [[nodiscard]] virtual std::optional<Instant> next_idle() const = 0;
  virtual void idle() = 0;
};

// A block that is given up, also because `timeout` is over, is written to its end all the same. If
// it is sent again meanwhile, that is waited for instead of writing it twice.
std::unique_ptr<Transport> make_threaded_transport(
    boost::asio::io_context& io, std::unique_ptr<BlockWork> work,
    std::chrono::milliseconds timeout = std::chrono::seconds(30));

}  // namespace sluice
