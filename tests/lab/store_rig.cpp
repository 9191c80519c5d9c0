#include "tests/lab/store_rig.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

namespace sluice::lab {

namespace {

double process_cpu() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  constexpr double kNano = 1e-9;
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * kNano;
}

}  // namespace

void CpuMeter::start() {
  wall_ = std::chrono::steady_clock::now();
  cpu_ = process_cpu();
}

void CpuMeter::stop() {
  seconds_ += process_cpu() - cpu_;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - wall_;
  longest_wall_ = std::max(longest_wall_, wall.count());
}

std::string CpuMeter::per(std::uint64_t records) const {
  constexpr double kMicro = 1e6;
  return fmt::format("{:.3f} us", seconds_ * kMicro / static_cast<double>(records));
}

const LineSource::Lines& LineSource::next(std::uint64_t count) {
  lines_.text.clear();
  lines_.marks.clear();
  now_ += std::chrono::seconds(1);
  const auto milliseconds = static_cast<std::uint64_t>(now_.time_since_epoch().count());
  constexpr std::uint64_t kDevices = 200;
  for (; count > 0; --count) {
    const auto device = static_cast<unsigned>(device_++ % kDevices);
    payload_.clear();
    payloads_.append_next(device, milliseconds, payload_);
    const std::string topic = '"' + ("sensors/" + payloads_.device(device)) + "/telemetry\"";
    writer_.append(
        {.topic = {}, .time = now_, .kind = BodyKind::Json, .body = payload_, .error = {}}, topic,
        0, lines_.text);
    lines_.marks.push_back({lines_.text.size(), now_});
  }
  return lines_;
}

void Feeder::feed(const LineSource::Lines& lines) {
  std::size_t begin = 0;
  for (const LineMark& mark : lines.marks) {
    builder_.text().append(lines.text, begin, mark.end - begin);
    builder_.end_line(mark.time);
    begin = mark.end;
    while (builder_.full(Sequence(next_))) {
      seal();
    }
  }
  while (!builder_.empty()) {
    seal();
  }
}

void Feeder::seal() {
  auto block = std::make_shared<const Block>(builder_.seal(Sequence(next_)));
  next_ += block->count;
  frame_bytes_ += block->data.size();
  raw_bytes_ += block->raw_bytes;
  buffer_->submit({std::move(block), {}});
}

bool Drainer::take(std::uint64_t count) {
  for (; count > 0; --count) {
    const BlockPtr block = buffer_->fetch(0, 0, last_);
    if (block == nullptr) {
      return false;
    }
    in_order_ = in_order_ && number(block->first) == last_ + 1;
    last_ = number(block->last());
    records_ += block->count;
    touched_ += static_cast<unsigned char>(block->data.back());
    buffer_->confirm(0, 0, last_);
  }
  return true;
}

void print_row(const std::string& name, const std::string& value) {
  fmt::print("{:<34}{}\n", name, value);
}

std::string in_mebibytes(std::uint64_t bytes) {
  constexpr double kMebi = 1024.0 * 1024;
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / kMebi);
}

std::string bytes_per(std::uint64_t bytes, std::uint64_t records) {
  return fmt::format("{:.1f} bytes", static_cast<double>(bytes) / static_cast<double>(records));
}

}  // namespace sluice::lab
