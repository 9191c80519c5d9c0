// Looks once a second after everything that can go wrong quietly: queues, ledgers and threads.
#pragma once

#include "admin/server.h"
#include "commands/assembly.h"
#include "commands/ledger_watch.h"
#include "commands/queue_watch.h"
#include "commands/status.h"
#include "commands/thread_watch.h"
#include "core/clock.h"
#include "core/source.h"
#include "pipeline/intake.h"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace sluice {

// Any thread, but watch_…() and look() are one thread's. What is watched outlives the watch; the
// threads behind it may end earlier.
class AgentWatch {
 public:
  AgentWatch(const Clock& clock, SqliteBuffer& buffer)
      : clock_(clock), ledgers_(buffer), threads_(clock) {}

  // The threads that everything depends on. Those that belong to a single sink are not among them:
  // if one of them hangs, its sink is late. Before the first look.
  void watch_store(SqliteBuffer& buffer);
  void watch_intake(Intake& intake);
  void watch_uplink(boost::asio::io_context& uplink);
  void watch_admin(AdminServer& admin);
  void watch_source(const std::string& name, Source& source);

  // The first look is the one before anything runs, the others come once a second.
  void begin(const AgentStatus& status);
  AgentState look(const AgentStatus& status);

  // Fills in what only the watch knows.
  void tell(AgentStatus& status) const;

  [[nodiscard]] AdminResponse livez() const;

 private:
  const Clock& clock_;
  QueueWatch queues_;
  LedgerWatch ledgers_;
  ThreadWatch threads_;
  std::atomic<std::uint64_t> store_turns_ = 0;
  std::atomic<std::uint64_t> uplink_turns_ = 0;
  std::atomic<std::uint64_t> admin_turns_ = 0;
};

}  // namespace sluice
