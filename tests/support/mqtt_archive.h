// A subscriber in another process (mosquitto_sub) with a session that keeps everything from its
// first moment on, to be read later.
#pragma once

#include "tests/support/process.h"
#include "tests/support/temp_directory.h"

#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
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
  explicit MqttArchive(std::uint16_t port, std::vector<std::string> more_arguments = {})
      : port_(port), more_(std::move(more_arguments)) {
    if (run({"-E"}) != 0) {
      throw std::runtime_error("cannot subscribe: " + output());
    }
  }

  // The next `count` messages; throws if they do not come.
  std::vector<ArchivedMessage> take(std::size_t count) {
    if (run({"-C", std::to_string(count), "-W", "30", "-F", "%t\\t%C\\t%P\\t%x"}) != 0) {
      throw std::runtime_error("messages are missing: " + output());
    }
    std::vector<ArchivedMessage> messages;
    std::istringstream lines(output());
    for (std::string line; std::getline(lines, line);) {
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
      messages.push_back(std::move(message));
    }
    return messages;
  }

 private:
  int run(const std::vector<std::string>& what) {
    directory_.emplace();
    std::vector<std::string> arguments{"mosquitto_sub",
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
    arguments.insert(arguments.end(), more_.begin(), more_.end());
    arguments.insert(arguments.end(), what.begin(), what.end());
    Process subscriber(
        {.arguments = arguments, .output = directory_->file("out"), .environment = {}});
    return subscriber.wait(std::chrono::seconds(60)).value_or(-1);
  }
  [[nodiscard]] std::string output() const {
    std::ifstream file(directory_->file("out"));
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  std::uint16_t port_;
  std::vector<std::string> more_;
  std::optional<TempDirectory> directory_;
};

}  // namespace sluice::testing_support
