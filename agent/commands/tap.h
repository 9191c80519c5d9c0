// Lets somebody see records as they leave a flow: a sample of them, without slowing it.
#pragma once

#include "admin/exchange.h"
#include "admin/routes.h"
#include "core/block.h"
#include "core/buffer.h"
#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct TapChoice {
  FlowIndex flow{};
  std::uint64_t rate = 10;             // at most so many records a second
  std::optional<std::uint64_t> count;  // and so many in all
  std::string topic;                   // only those that match this filter; empty: all
};

// Stands between the intake and the buffer and passes on what it gets. As long as nobody listens,
// it costs one load for each block; if somebody does, his thread decodes a block that it shares.
// Any thread. Outlives what listen() returns.
class Tap final : public BlockWriter {
 public:
  class Listener;

  Tap(BlockWriter& buffer, const Clock& clock) : buffer_(buffer), clock_(clock) {}

  void submit(SealedBlock block) override;
  void flush() override { buffer_.flush(); }

  // Lines of JSON until `count` is reached, or for ever. Full: too many listen already.
  Result<std::unique_ptr<AdminBody>> listen(TapChoice choice);

  // Once a second. Now and then every listener gets an empty line, which shows both sides that the
  // other one is still there.
  void beat();

  static constexpr std::size_t kMostListeners = 8;
  static constexpr unsigned kBeatsBetweenSigns = 10;

 private:
  class Body;
  void offer(const BlockPtr& block);
  void leave(const std::shared_ptr<Listener>& listener);

  BlockWriter& buffer_;
  const Clock& clock_;
  std::atomic<bool> tapped_ = false;
  Mutex mutex_;
  std::vector<std::shared_ptr<Listener>> listeners_ SLUICE_GUARDED_BY(mutex_);
};

// GET /tap?flow=&rate=&count=&topic=. `tap` outlives the routes and every answer; `flows` are the
// names in the order of their indices.
void add_tap_route(AdminRoutes& routes, Tap& tap, std::vector<std::string> flows);

}  // namespace sluice
