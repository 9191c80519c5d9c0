// A subscriber in another process (mosquitto_sub) that keeps everything from its first moment on.
// It survives restarts of a broker that keeps its sessions.
#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace sluice::testing_support {

struct ArchivedMessage {
  std::string topic;
  std::string content_type;
  std::string properties;  // name:value, separated by spaces
  std::string payload;
};

class MqttArchive {
 public:
  explicit MqttArchive(std::uint16_t port) : port_(port) {
    // Returns when the subscription has been acknowledged, and leaves the session behind.
    Process subscribe({.arguments = arguments({"-E"}), .output = output_, .environment = {}});
    if (subscribe.wait(std::chrono::seconds(60)) != 0) {
      throw std::runtime_error("cannot subscribe");
    }
    reader_.emplace(Process::Options{
        .arguments = arguments({"-F", "%t\\t%C\\t%P\\t%x"}), .output = output_, .environment = {}});
  }

  // The next `count` messages; throws if they do not come.
  std::vector<ArchivedMessage> take(std::size_t count) {
    std::vector<ArchivedMessage> all;
    const bool complete = eventually([&] {
      all = read();
      return all.size() >= taken_ + count;
    });
    if (!complete) {
      throw std::runtime_error("messages are missing: there are " + std::to_string(all.size()));
    }
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(taken_);
    taken_ += count;
    return {first, first + static_cast<std::ptrdiff_t>(count)};
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> all{"mosquitto_sub",
                                 "-V",
                                 "5",
                                 "-c",
                                 "-i",
                                 "archive",
                                 "-q",
                                 "1",
                                 "-t",
                                 "#",
                                 "-x",
                                 "600",
                                 "-p",
                                 std::to_string(port_)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  [[nodiscard]] std::vector<ArchivedMessage> read() const {
    std::vector<ArchivedMessage> messages;
    std::ifstream file(output_);
    for (std::string line; std::getline(file, line) && !file.eof();) {
      if (std::ranges::count(line, '\t') == 3) {  // and not what it says about a broker in restart
        messages.push_back(parse(line));
      }
    }
    return messages;
  }

  static ArchivedMessage parse(const std::string& line) {
    std::istringstream parts(line);
    ArchivedMessage message;
    std::string hex;
    std::getline(parts, message.topic, '\t');
    std::getline(parts, message.content_type, '\t');
    std::getline(parts, message.properties, '\t');
    std::getline(parts, hex);
    constexpr int kHex = 16;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
      message.payload += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, kHex));
    }
    return message;
  }

  TempDirectory directory_;
  const std::string output_ = directory_.file("messages");
  const std::uint16_t port_;
  std::optional<Process> reader_;
  std::size_t taken_ = 0;
};

}  // namespace sluice::testing_support
