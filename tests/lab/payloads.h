// Messages as sensors and loggers send them: values that wander, not a counter in a frozen text, so
// that compression is not flattered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::lab {

enum class PayloadKind {
  Sensor,  // one flat JSON object of readings
  Calm,    // the same with few readings that hardly change, beside texts that never do
  Tiny,    // the smallest object that counts
  Log,     // a log line as JSON object
  Mixed,   // Sensor and Log, nested and multi-line JSON, plain text, binary, nothing at all
};

struct PayloadOptions {
  PayloadKind kind = PayloadKind::Sensor;
  std::size_t size = 200;  // average bytes of a sensor's message
  unsigned devices = 200;
  std::uint64_t seed = 1;
};

struct Field;

// The same options give the same messages, except for the time in them. One thread at a time.
class Payloads {
 public:
  explicit Payloads(const PayloadOptions& options);

  // Name in topics and payloads: "dev-017".
  [[nodiscard]] const std::string& device(unsigned index) const { return names_[index]; }

  // Appends the device's next message. True if it counts: then it is a JSON object that carries
  // "device" and "n", and n is one more than in the message of that device that counted before. If
  // not (text, binary, empty), it has no number and nobody can tell whether it arrived.
  bool append_next(unsigned device, std::uint64_t milliseconds, std::string& out);

 private:
  struct Device {
    std::uint64_t n = 0;
    std::vector<std::int32_t> readings;  // in the unit of the field's last decimal
  };

  std::uint64_t random(std::uint64_t below);
  void append_head(unsigned device, std::uint64_t milliseconds, std::string& out);
  void append_readings(Device& device, std::size_t begin, std::size_t room, std::string& out);
  void append_reading(Device& device, std::size_t index, const Field& which, std::string& out);
  void append_sensor(unsigned device, std::uint64_t milliseconds, std::string& out);
  void append_calm(unsigned device, std::uint64_t milliseconds, std::string& out);
  void append_log(unsigned device, std::uint64_t milliseconds, std::string& out);
  void append_nested(unsigned device, std::uint64_t milliseconds, bool lines, std::string& out);
  void append_words(std::string& out);
  void append_binary(std::string& out);
  bool append_mixed(unsigned device, std::uint64_t milliseconds, std::string& out);

  PayloadOptions options_;
  std::mt19937_64 random_;
  std::vector<std::string> names_;
  std::vector<Device> devices_;
};

}  // namespace sluice::lab
