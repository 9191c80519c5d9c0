// The real broker, on a free loopback port, for one test.
#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::testing_support {

struct BrokerOptions {
  bool websockets = false;
  std::string ca{};  // PEM files: TLS if cert is set
  std::string cert{};
  std::string key{};
  bool require_client_certificate = false;
  std::string username{};  // empty: anyone may connect
  std::string password{};
  std::string extra{};      // further lines of mosquitto.conf
  bool verbose = false;     // log every packet (log_type all)
  std::string directory{};  // for its configuration, log and state; empty: a temporary one
};

// Keeps its sessions and messages across stop() and start().
class Mosquitto {
 public:
  explicit Mosquitto(const BrokerOptions& options = {});  // throws if it does not start

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string log() const;  // everything it has written so far
  void start();
  void stop();    // SIGTERM: it saves its state
  void kill();    // SIGKILL: it does not
  void freeze();  // SIGSTOP: its sockets stay open, and nobody answers
  void thaw();

 private:
  [[nodiscard]] std::string file(const std::string& name) const { return directory_ + "/" + name; }

  std::optional<TempDirectory> temporary_;
  std::string directory_;
  std::uint16_t port_;
  std::optional<Process> process_;
};

// Where the plugin is that can refuse subscriptions, which access control files cannot; empty: it
// is not installed.
std::string dynamic_security_plugin();

}  // namespace sluice::testing_support
