// What a sink costs: sends blocks of ordinary records through a transport of its own and prints the
// CPU time of this process for each record. The Kafka cluster is librdkafka's mock in another
// process.
//
//   sluice-sink-bench file|file-zstd|stdout|kafka [RECORDS]
#include "tests/lab/payloads.h"
#include "tests/support/kafka_cluster.h"
#include "tests/support/temp_directory.h"
#include "uplink/codec.h"
#include "uplink/file_transport.h"
#include "uplink/kafka_transport.h"
#include "uplink/stdout_transport.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace sluice {
namespace {

constexpr std::uint32_t kRecordsOfABlock = 1000;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<BlockPtr> make_blocks(std::uint64_t records) {
  lab::Payloads payloads({});
  std::vector<BlockPtr> blocks;
  std::uint64_t sequence = 1;
  while (sequence <= records) {
    Block block;
    block.first = Sequence(sequence);
    block.count = kRecordsOfABlock;
    std::string text;
    for (std::uint32_t i = 0; i < kRecordsOfABlock; ++i, ++sequence) {
      constexpr unsigned kDevices = 200;
      const auto device = static_cast<unsigned>(sequence % kDevices);
      text += R"({"seq":)" + std::to_string(sequence) + R"(,"ts":1763692800123,"topic":"sensors/)" +
              payloads.device(device) + R"(/telemetry","data":)";
      payloads.append_next(device, 1'763'692'800'123 + sequence, text);
      text += "}\n";
    }
    block.raw_bytes = static_cast<std::uint32_t>(text.size());
    block.data = *compress_frame(text);
    blocks.push_back(std::make_shared<const Block>(std::move(block)));
  }
  return blocks;
}

// A process of its own, so that what it costs is not counted.
class ClusterProcess {
 public:
  ClusterProcess() {
    int addresses[2];
    int life[2];
    if (pipe(addresses) != 0 || pipe(life) != 0) {
      throw std::runtime_error("no pipe");
    }
    child_ = fork();
    if (child_ == 0) {
      close(life[1]);
      serve(addresses[1], life[0]);
    }
    close(addresses[1]);
    close(life[0]);
    life_ = life[1];
    char text[512] = {};
    if (read(addresses[0], text, sizeof(text) - 1) <= 0) {
      throw std::runtime_error("no cluster");
    }
    close(addresses[0]);
    bootstrap_ = text;
  }
  ~ClusterProcess() {
    close(life_);
    waitpid(child_, nullptr, 0);
  }
  ClusterProcess(const ClusterProcess&) = delete;
  ClusterProcess& operator=(const ClusterProcess&) = delete;
  [[nodiscard]] const std::string& bootstrap() const { return bootstrap_; }

 private:
  [[noreturn]] static void serve(int addresses, int life) {
    testing_support::KafkaCluster cluster;
    cluster.make_topic("telemetry");
    std::string list;
    for (const std::string& broker : cluster.brokers()) {
      list += (list.empty() ? "" : ",") + broker;
    }
    static_cast<void>(write(addresses, list.data(), list.size()) < 0);
    char end = 0;
    static_cast<void>(read(life, &end, 1) < 0);  // until the other process is gone
    _exit(0);
  }

  pid_t child_ = -1;
  int life_ = -1;
  std::string bootstrap_;
};

int run(const std::string& kind, std::uint64_t records) {
  const SenderIdentity identity{
      .agent = "bench", .version = "1", .epoch = 1, .flows = {"telemetry"}, .flow_configs = {}};
  const testing_support::TempDirectory directory;
  std::optional<ClusterProcess> cluster;
  boost::asio::io_context io;
  std::unique_ptr<Transport> transport;
  if (kind == "kafka") {
    cluster.emplace();
    KafkaTransportOptions options;
    options.brokers = {cluster->bootstrap()};
    options.topic = "{flow}";
    auto made = make_kafka_transport(io, options, identity);
    if (!made) {
      std::cerr << made.error().message << '\n';
      return 1;
    }
    transport = *std::move(made);
  } else if (kind == "stdout") {
    transport = make_stdout_transport(io);
  } else {
    FileTransportOptions options;
    options.path = directory.file("records.ndjson");
    options.compression = kind == "file-zstd" ? FileCompression::Zstd : FileCompression::None;
    transport = make_file_transport(io, options, identity);
  }

  const std::vector<BlockPtr> blocks = make_blocks(records);
  const double cpu_before = cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::size_t next = 0;
  std::function<void(const Answer&)> send_next = [&](const Answer& answer) {
    if (answer.verdict != Verdict::Confirmed) {
      std::cerr << "not confirmed: " << answer.detail << '\n';
      return;
    }
    if (++next < blocks.size()) {
      transport->send({.block = blocks[next]}, send_next);
    }
  };
  transport->send({.block = blocks[0]}, send_next);
  while (next < blocks.size() && io.run_one() > 0) {
  }
  const double cpu = cpu_seconds() - cpu_before;
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
  const auto sent = static_cast<double>(next * kRecordsOfABlock);
  std::fprintf(stderr, "%s: %.0f records, %.2f us of CPU a record, %.0f records/s\n", kind.c_str(),
               sent, cpu * 1e6 / sent, sent / wall.count());
  return next == blocks.size() ? 0 : 1;
}

}  // namespace
}  // namespace sluice

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  if (count < 2) {
    std::cerr << "usage: sluice-sink-bench file|file-zstd|stdout|kafka [RECORDS]\n";
    return 2;
  }
  constexpr std::uint64_t kRecords = 500'000;
  return sluice::run(words[1], count > 2 ? std::stoull(words[2]) : kRecords);
}
