// What a decoder costs: thread CPU time and heap allocations for each record, with a memcpy of the
// same payloads as a line to compare with. The middle of five runs, after one that is not counted.
//
//   sluice-decoder-bench [MESSAGES]      (default: 200000 of each kind)
#include "decoders/decoders.h"

#include "tests/lab/payloads.h"

#include <protozero/pbf_writer.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

namespace {

std::atomic<std::uint64_t> allocations = 0;

}  // namespace

// Every allocation of this process and its libraries comes by here.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): names of the C library
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* old, std::size_t size);

void* malloc(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return __libc_realloc(old, size);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

namespace sluice {
namespace {

constexpr std::size_t kBatch = 512;

struct Workload {
  std::string name;
  DecoderOptions options;
  std::string topic = "sensors/7/telemetry";
  std::vector<std::string> payloads;  // in turn
  std::string before;                 // a message that is decoded once, to `topic_before`
  std::string topic_before;
};

double thread_cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

struct Cost {
  double microseconds = 0;
  double allocations = 0;
};

class Bench {
 public:
  Bench(const Workload& load, std::size_t messages)
      : load_(load), messages_(messages), decoder_(make_decoder(load.options)) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      batch_.add({.topic = load.topic,
                  .payload = load.payloads[i % load.payloads.size()],
                  .received = Timestamp(std::chrono::milliseconds(1'763'692'800'123))});
    }
    if (!load.before.empty()) {
      MessageBatch birth;
      birth.add({.topic = load.topic_before, .payload = load.before, .received = {}});
      decoder_->decode(birth[0], records_);
    }
  }

  Cost run() {
    std::uint64_t records = 0;
    const std::uint64_t allocations_before = allocations;
    const double before = thread_cpu_seconds();
    for (std::size_t i = 0; i < messages_; ++i) {
      records_.clear();
      decoder_->decode(batch_[i % kBatch], records_);
      records += records_.size();
      check();
    }
    const double seconds = thread_cpu_seconds() - before;
    const auto count = static_cast<double>(records);
    return {seconds * 1e6 / count, static_cast<double>(allocations - allocations_before) / count};
  }

  Cost copy() {
    std::string out;
    const double before = thread_cpu_seconds();
    for (std::size_t i = 0; i < messages_; ++i) {
      out.assign(batch_[i % kBatch].payload);
    }
    return {(thread_cpu_seconds() - before) * 1e6 / static_cast<double>(messages_), 0};
  }

 private:
  void check() const {
    for (const Record& record : records_) {
      if (!record.error.empty()) {
        std::fprintf(stderr, "%s: %.*s\n", load_.name.c_str(),
                     static_cast<int>(record.error.size()), record.error.data());
        std::exit(1);
      }
    }
  }

  const Workload& load_;
  std::size_t messages_;
  std::unique_ptr<Decoder> decoder_;
  MessageBatch batch_;
  std::vector<Record> records_;
};

Cost middle(const std::function<Cost()>& run) {
  std::array<Cost, 5> costs;
  run();
  std::ranges::generate(costs, run);
  std::ranges::sort(costs, {}, &Cost::microseconds);
  return costs[2];
}

std::vector<std::string> json_payloads() {
  lab::Payloads payloads({});
  std::vector<std::string> all;
  for (unsigned i = 0; i < 200; ++i) {
    payloads.append_next(i, 1'763'692'800'123 + i, all.emplace_back());
  }
  return all;
}

std::string sparkplug_payload(bool has_names, unsigned value) {
  std::string bytes;
  protozero::pbf_writer writer(bytes);
  writer.add_uint64(1, 1'763'692'800'123 + value);
  for (unsigned i = 0; i < 10; ++i) {
    protozero::pbf_writer metric(writer, 2);
    if (has_names) {
      metric.add_string(1, "Line 1/Press/Sensor " + std::to_string(i));
    }
    metric.add_uint64(2, i + 1);
    metric.add_uint64(3, 1'763'692'800'123 + value);
    if (has_names) {
      metric.add_uint32(4, i < 5 ? 10 : 3);
    }
    if (i < 5) {
      metric.add_double(13, 20.25 + value * 0.5);
    } else {
      metric.add_uint32(10, 0U - value);
    }
  }
  writer.add_uint64(3, value % 256);
  return bytes;
}

DecoderOptions of_kind(DecoderKind kind) {
  DecoderOptions options;
  options.kind = kind;
  return options;
}

std::string bytes(std::initializer_list<int> list) {
  std::string out;
  for (const int byte : list) {
    out += static_cast<char>(byte);
  }
  return out;
}

// {"device":"press-07","temperature":21.4,"pressure":1014,"ok":true,"n":[1,2]}
std::string cbor_payload() {
  return bytes({0xA5}) +
         "\x66"
         "device"
         "\x68"
         "press-07" +
         "\x6B"
         "temperature" +
         bytes({0xFB, 0x40, 0x35, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}) +
         "\x68"
         "pressure" +
         bytes({0x19, 0x03, 0xF6}) +
         "\x62"
         "ok" +
         bytes({0xF5}) +
         "\x61"
         "n" +
         bytes({0x82, 1, 2});
}

std::string msgpack_payload() {
  return bytes({0x85}) +
         "\xA6"
         "device"
         "\xA8"
         "press-07" +
         "\xAB"
         "temperature" +
         bytes({0xCB, 0x40, 0x35, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66}) +
         "\xA8"
         "pressure" +
         bytes({0xCD, 0x03, 0xF6}) +
         "\xA2"
         "ok" +
         bytes({0xC3}) +
         "\xA1"
         "n" +
         bytes({0x92, 1, 2});
}

std::vector<Workload> workloads() {
  std::vector<Workload> all;
  all.push_back({.name = "json (12 fields)", .options = of_kind(DecoderKind::Json)});
  all.back().payloads = json_payloads();
  all.push_back({.name = "csv (10 lines of 6)", .options = of_kind(DecoderKind::Csv)});
  std::string table = "time,device,temperature,pressure,ok,note\n";
  for (int i = 0; i < 10; ++i) {
    table += "1763692800123,press-07,21.4,1014.50,true,\"all, well\"\n";
  }
  all.back().payloads = {table};
  all.push_back({.name = "logfmt (8 keys)", .options = of_kind(DecoderKind::Logfmt)});
  all.back().payloads = {
      R"(at=info method=GET path="/a/b c" host=press-07 status=200 bytes=5123 took=0.015 ok=true)"};
  all.push_back({.name = "msgpack (5 fields)", .options = of_kind(DecoderKind::Msgpack)});
  all.back().payloads = {msgpack_payload()};
  all.push_back({.name = "cbor (5 fields)", .options = of_kind(DecoderKind::Cbor)});
  all.back().payloads = {cbor_payload()};
  all.push_back({.name = "struct (8 fields)", .options = of_kind(DecoderKind::Struct)});
  for (const char* text : {"i16 be @0 * 0.1", "u16 be @2", "u8 @4 bit 3", "u8 @4 bits 4-7",
                           "f32 @8", "u32 @12", "i24 be @16 * 0.001 - 40", "string(8) @20"}) {
    auto field = parse_struct_field(
        "value_" + std::to_string(all.back().options.layout.fields.size()), text);
    all.back().options.layout.fields.push_back(*std::move(field));
  }
  all.back().payloads = {std::string("\x01\x02\x03\x04\x48\0\0\0\0\0\xC0\x3F\1\2\3\4\5\6\7\0", 20) +
                         "press-07"};
  for (const bool has_names : {false, true}) {
    all.push_back({.name = has_names ? "sparkplug_b (10 metrics, names)"
                                     : "sparkplug_b (10 metrics, aliases)",
                   .options = of_kind(DecoderKind::SparkplugB),
                   .topic = "spBv1.0/plant/DDATA/edge-7/press-07"});
    all.back().before = sparkplug_payload(true, 0);
    all.back().topic_before = "spBv1.0/plant/DBIRTH/edge-7/press-07";
    for (unsigned i = 0; i < 200; ++i) {
      all.back().payloads.push_back(sparkplug_payload(has_names, i));
    }
  }
  return all;
}

int run(std::size_t messages) {
  std::printf("%-36s %12s %12s %12s %10s\n", "decoder", "bytes", "us/record", "allocations",
              "memcpy us");
  for (const Workload& load : workloads()) {
    Bench bench(load, messages);
    const Cost cost = middle([&] { return bench.run(); });
    const Cost copy = middle([&] { return bench.copy(); });
    std::printf("%-36s %12zu %12.3f %12.4f %10.3f\n", load.name.c_str(), load.payloads[0].size(),
                cost.microseconds, cost.allocations, copy.microseconds);
  }
  return 0;
}

}  // namespace
}  // namespace sluice

int main(int argc, char** argv) {
  return sluice::run(argc > 1 ? std::stoul(argv[1]) : 200'000);
}
