// The agent's HTTP server: figures, health, and the tools' way to a running agent.
#pragma once

#include "admin/options.h"
#include "admin/routes.h"
#include "admin/session.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

struct AdminServerOptions {
  std::string own_socket;  // always there, for the owner; the caller holds the directory's lock
  AdminOptions endpoint;   // as configured
  AdminLimits limits;
};

// Errors:  an address that cannot be listened on is tried again and again. Nothing that happens
//          here ever stops the agent.
// Safety:  see AdminGate. Requests are limited in size, time and number; a slow reader slows only
//          the answer it reads. POST and DELETE leave a line in the log, whatever becomes of them.
// Threads: start() makes the thread "admin", on which every handler runs; the rest from any thread.
class AdminServer {
 public:
  AdminServer(const AdminServerOptions& options, AdminRoutes routes);
  ~AdminServer();  // stops
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  void start();
  // Breaks off what is under way. No handler runs after it has returned.
  void stop();

  [[nodiscard]] std::uint16_t port() const;  // of TCP; 0 while it does not listen

  // Runs `work` on the admin thread, or drops it when that has ended.
  void post(std::function<void()> work);

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
