#include "tests/lab/payloads.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace sluice::lab {

struct Field {
  std::string_view name;
  std::int32_t start;
  std::int32_t low;
  std::int32_t high;
  std::uint32_t step;  // the largest change from one message to the next
  unsigned decimals;
};

namespace {

// In the order in which they are added until the message is as long as it should be.
constexpr std::array<Field, 8> kFields{{
    {"temperature", 2137, -2000, 9500, 12, 2},
    {"humidity", 484, 50, 990, 6, 1},
    {"pressure", 101325, 96000, 105000, 15, 2},
    {"vibration", 123, 0, 4000, 40, 3},
    {"current", 3210, 0, 16000, 90, 3},
    {"voltage", 2304, 2070, 2530, 8, 1},
    {"rssi", -61, -95, -30, 4, 0},
    {"battery", 3712, 3000, 4200, 2, 3},
}};

// What a device reports that measures a room.
constexpr std::array<Field, 5> kCalmFields{{
    {"temperature", 2137, 1000, 4000, 8, 2},
    {"humidity", 4840, 500, 9900, 14, 2},
    {"pressure", 101325, 96000, 105000, 5, 2},
    {"battery", 371, 300, 420, 0, 2},
    {"rssi", -61, -95, -35, 2, 0},
}};

// Further readings, for messages longer than a usual one.
Field field(std::size_t index) {
  if (index < kFields.size()) {
    return kFields[index];
  }
  return {"", 5000, 0, 10000, 150, 2};
}

constexpr std::array<std::string_view, 5> kLevels{"debug", "info", "info", "info", "warn"};
constexpr std::array<std::string_view, 16> kWords{
    "pump",    "valve",  "motor", "started", "stopped",   "pressure", "reached",     "limit",
    "channel", "sensor", "reset", "timeout", "reconnect", "ok",       "calibration", "überhitzt"};

template <class Number>
void append_number(Number number, std::string& out) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_decimal(std::int32_t scaled, unsigned decimals, std::string& out) {
  if (scaled < 0) {
    out += '-';
    scaled = -scaled;
  }
  std::int32_t unit = 1;
  for (unsigned i = 0; i < decimals; ++i) {
    unit *= 10;
  }
  append_number(scaled / unit, out);
  if (decimals == 0) {
    return;
  }
  out += '.';
  for (std::int32_t rest = scaled % unit; unit > 1; rest %= unit) {
    unit /= 10;
    out += static_cast<char>('0' + rest / unit);
  }
}

void append_field(const Field& which, std::size_t index, std::int32_t value, std::string& out) {
  out += ",\"";
  if (which.name.empty()) {
    out += "ch";
    append_number(index, out);
  } else {
    out += which.name;
  }
  out += "\":";
  append_decimal(value, which.decimals, out);
}

std::string padded(unsigned number, std::size_t width) {
  std::string digits = std::to_string(number);
  return std::string(width > digits.size() ? width - digits.size() : 0, '0') + digits;
}

}  // namespace

Payloads::Payloads(const PayloadOptions& options)
    : options_(options), random_(options.seed), devices_(options.devices) {
  const std::size_t width =
      std::max<std::size_t>(3, std::to_string(std::max(1U, options.devices) - 1).size());
  names_.reserve(options.devices);
  for (unsigned i = 0; i < options.devices; ++i) {
    names_.push_back("dev-" + padded(i, width));
  }
}

bool Payloads::append_next(unsigned device, std::uint64_t milliseconds, std::string& out) {
  bool counts = true;
  switch (options_.kind) {
    case PayloadKind::Sensor:
      append_sensor(device, milliseconds, out);
      break;
    case PayloadKind::Calm:
      append_calm(device, milliseconds, out);
      break;
    case PayloadKind::Tiny:
      append_head(device, 0, out);
      out += '}';
      break;
    case PayloadKind::Log:
      append_log(device, milliseconds, out);
      break;
    case PayloadKind::Mixed:
      counts = append_mixed(device, milliseconds, out);
      break;
  }
  if (counts) {
    ++devices_[device].n;
  }
  return counts;
}

// The generator's bits are the same everywhere; std::uniform_int_distribution's results are not.
std::uint64_t Payloads::random(std::uint64_t below) {
  return random_() % below;
}

void Payloads::append_head(unsigned device, std::uint64_t milliseconds, std::string& out) {
  out += R"({"device":")";
  out += names_[device];
  out += R"(","n":)";
  append_number(devices_[device].n, out);
  if (milliseconds != 0) {
    out += R"(,"time":)";
    append_number(milliseconds, out);
  }
}

// The next value of the reading with this index.
void Payloads::append_reading(Device& device, std::size_t index, const Field& which,
                              std::string& out) {
  if (index == device.readings.size()) {
    device.readings.push_back(which.start);
  }
  std::int32_t& value = device.readings[index];
  value +=
      static_cast<std::int32_t>(random(2 * which.step + 1)) - static_cast<std::int32_t>(which.step);
  value = std::clamp(value, which.low, which.high);
  append_field(which, index, value, out);
}

// Adds readings as long as that brings the text from `begin` nearer to `room` bytes.
void Payloads::append_readings(Device& device, std::size_t begin, std::size_t room,
                               std::string& out) {
  for (std::size_t i = 0; true; ++i) {
    const std::size_t before = out.size();
    append_reading(device, i, field(i), out);
    const std::size_t shorter = before - begin;
    const std::size_t longer = out.size() - begin;
    if (longer > room && longer - room > room - std::min(room, shorter)) {
      out.resize(before);
      return;
    }
  }
}

void Payloads::append_sensor(unsigned device, std::uint64_t milliseconds, std::string& out) {
  constexpr std::string_view kFine = R"(,"status":"ok"})";
  constexpr std::string_view kBad = R"(,"status":"degraded"})";
  const std::size_t begin = out.size();
  append_head(device, milliseconds, out);
  const std::size_t room = options_.size - std::min(options_.size, kFine.size());
  append_readings(devices_[device], begin, room, out);
  out += random(50) == 0 ? kBad : kFine;
}

void Payloads::append_calm(unsigned device, std::uint64_t milliseconds, std::string& out) {
  append_head(device, milliseconds, out);
  out += R"(,"topic":"sensors/)";
  out += names_[device];
  out += R"(/telemetry")";
  for (std::size_t i = 0; i < kCalmFields.size(); ++i) {
    append_reading(devices_[device], i, kCalmFields[i], out);
  }
  out += random(50) == 0 ? R"(,"status":"degraded")" : R"(,"status":"ok")";
  out += R"(,"fw":"2.4.1"})";
}

void Payloads::append_words(std::string& out) {
  for (std::uint64_t left = 4 + random(8); left > 0; --left) {
    out += kWords[random(kWords.size())];
    out += ' ';
  }
  append_number(random(100000), out);
}

void Payloads::append_log(unsigned device, std::uint64_t milliseconds, std::string& out) {
  append_head(device, milliseconds, out);
  out += R"(,"level":")";
  out += kLevels[random(kLevels.size())];
  out += R"(","message":"he said \"no\": )";
  append_words(out);
  out += R"("})";
}

void Payloads::append_nested(unsigned device, std::uint64_t milliseconds, bool lines,
                             std::string& out) {
  const std::string_view gap = lines ? "\n  " : "";
  append_head(device, milliseconds, out);
  out += ',';
  out += gap;
  out += R"("motor":{"speed":)";
  append_number(1400 + random(200), out);
  out += R"(,"phases":[)";
  for (int phase = 0; phase < 3; ++phase) {
    out += phase == 0 ? R"({"amps":)" : R"(,{"amps":)";
    append_decimal(static_cast<std::int32_t>(random(16000)), 3, out);
    out += '}';
  }
  out += "]},";
  out += gap;
  out += R"("tags":["a","b\\c",null,true])";
  out += lines ? "\n}\n" : "}";
}

void Payloads::append_binary(std::string& out) {
  for (std::uint64_t left = 1 + random(2 * options_.size + 1); left > 0; --left) {
    out += static_cast<char>(random(256));
  }
}

bool Payloads::append_mixed(unsigned device, std::uint64_t milliseconds, std::string& out) {
  const std::uint64_t draw = random(20);
  if (draw < 10) {
    append_sensor(device, milliseconds, out);
  } else if (draw < 13) {
    append_log(device, milliseconds, out);
  } else if (draw < 16) {
    append_nested(device, milliseconds, draw == 15, out);
  } else if (draw < 18) {
    append_words(out);
  } else if (draw == 18) {
    append_binary(out);
  }  // else: an empty payload
  return draw < 16;
}

}  // namespace sluice::lab
