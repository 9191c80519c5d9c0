#include "tests/support/mosquitto.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace sluice::testing_support {

namespace {

void write_config(const std::string& directory, std::uint16_t port, const BrokerOptions& options) {
  std::ofstream config(directory + "/mosquitto.conf");
  // Nothing may be dropped by the broker itself; see the notes on its limits in docs/mqtt.md.
  config << "listener " << port << " 127.0.0.1\n"
         << "persistence true\npersistence_location " << directory << "/\n"
         << "autosave_interval 1\nmax_queued_messages 0\nmax_queued_bytes 0\n"
         << "set_tcp_nodelay true\nqueue_qos0_messages true\n"
         // It would hold stdout back in a buffer, and log() is to know of everything so far.
         << "log_dest stderr\n"
         << "log_timestamp_format %H:%M:%S\n";
  // Started as root it would give up its rights, and with them this directory.
  config << "user root\n";
  config << (options.verbose ? "log_type all\n"
                             : "log_type error\nlog_type warning\nlog_type notice\n");
  if (options.websockets) {
    config << "protocol websockets\n";
  }
  if (!options.cert.empty()) {
    config << "cafile " << options.ca << "\ncertfile " << options.cert << "\nkeyfile "
           << options.key << "\nrequire_certificate "
           << (options.require_client_certificate ? "true" : "false") << '\n';
  }
  if (options.username.empty()) {
    config << "allow_anonymous true\n";
  } else {
    config << "allow_anonymous false\npassword_file " << directory << "/passwords" << '\n';
  }
  config << options.extra << '\n';
}

void write_passwords(const std::string& directory, const BrokerOptions& options) {
  Process make({.arguments = {"mosquitto_passwd", "-b", "-c", directory + "/passwords",
                              options.username, options.password},
                .output = directory + "/passwd.log",
                .environment = {}});
  if (make.wait(std::chrono::seconds(20)) != 0) {
    throw std::runtime_error("mosquitto_passwd failed");
  }
}

}  // namespace

std::string dynamic_security_plugin() {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           "/usr/lib", std::filesystem::directory_options::skip_permission_denied)) {
    if (entry.path().filename() == "mosquitto_dynamic_security.so") {
      return entry.path();
    }
  }
  return {};
}

Mosquitto::Mosquitto(const BrokerOptions& options) : port_(free_port()) {
  if (options.directory.empty()) {
    directory_ = temporary_.emplace().path();
  } else {
    directory_ = options.directory;
  }
  if (!options.username.empty()) {
    write_passwords(directory_, options);
  }
  write_config(directory_, port_, options);
  start();
}

std::string Mosquitto::log() const {
  std::ifstream lines(file("mosquitto.log"));
  std::stringstream text;
  text << lines.rdbuf();
  return text.str();
}

void Mosquitto::start() {
  process_.emplace(Process::Options{.arguments = {"mosquitto", "-c", file("mosquitto.conf")},
                                    .output = file("mosquitto.log"),
                                    .environment = {}});
  const bool up = eventually([this] { return port_answers(port_) || !process_->running(); });
  if (!up || !process_->running()) {
    throw std::runtime_error("mosquitto did not start: " + log());
  }
}

void Mosquitto::stop() {
  process_->signal(SIGTERM);
  if (!process_->wait(std::chrono::seconds(20))) {
    throw std::runtime_error("mosquitto did not stop");
  }
}

void Mosquitto::freeze() {
  process_->signal(SIGSTOP);
}

void Mosquitto::thaw() {
  process_->signal(SIGCONT);
}

void Mosquitto::kill() {
  process_->kill();
}

}  // namespace sluice::testing_support
