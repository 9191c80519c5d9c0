#include "tests/contract/uplink/far_sides.h"

#include "tests/lab/receiver.h"
#include "tests/support/kafka_cluster.h"
#include "tests/support/mosquitto.h"
#include "tests/support/mqtt_archive.h"
#include "tests/support/transport_driver.h"
#include "uplink/file_transport.h"
#include "uplink/http_transport.h"
#include "uplink/kafka_transport.h"
#include "uplink/mqtt_transport.h"
#include "uplink/record_lines.h"
#include "uplink/stdout_transport.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

namespace sluice::contract_tests {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using testing_support::free_port;
using testing_support::identity;
using testing_support::TempDirectory;

constexpr milliseconds kPatience{2'000};

void split(std::string_view text, std::vector<std::string>& lines) {
  for (std::string_view line; next_line(text, line);) {
    lines.emplace_back(line);
  }
}

// Frames one after the other, or plain text.
std::string plain(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
    if (ZSTD_isError(size) != 0) {
      return text + std::string(bytes);
    }
    text += *decompress_frame(bytes.substr(0, size), 1U << 30U);
    bytes.remove_prefix(size);
  }
  return text;
}

class HttpFarSide final : public FarSide {
 public:
  HttpFarSide() { come_back(); }
  Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) override {
    HttpTransportOptions options;
    options.url = *parse_url("http://127.0.0.1:" + std::to_string(port_) + "/");
    options.timeout = kPatience;
    return make_http_transport(io, options, identity());
  }
  void leave() override { receiver_.reset(); }
  void come_back() override {
    receiver_.emplace(lab::ReceiverOptions{.port = port_});
    receiver_->observe([this](const auto& /*headers*/, const std::string& lines) {
      const std::lock_guard lock(mutex_);
      split(lines, lines_);
    });
  }
  std::vector<std::string> lines(std::size_t /*count*/) override {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  const std::uint16_t port_ = free_port();
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::optional<lab::Receiver> receiver_;
};

class KafkaFarSide final : public FarSide {
 public:
  KafkaFarSide() { cluster_.make_topic("telemetry", 1); }  // one: its order is kept
  Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) override {
    KafkaTransportOptions options;
    options.brokers = cluster_.brokers();
    options.topic = "{flow}";
    options.timeout = kPatience;
    options.properties = {{"reconnect.backoff.ms", "10"}, {"reconnect.backoff.max.ms", "50"}};
    return make_kafka_transport(io, options, identity());
  }
  void leave() override {
    for (int broker = 1; broker <= 3; ++broker) {
      cluster_.set_down(broker);
    }
  }
  void come_back() override {
    for (int broker = 1; broker <= 3; ++broker) {
      cluster_.set_up(broker);
    }
  }
  std::vector<std::string> lines(std::size_t /*count*/) override {
    std::vector<std::string> lines;
    for (const auto& record : cluster_.consume("telemetry")) {
      lines.push_back(record.value);
    }
    return lines;
  }

 private:
  testing_support::KafkaCluster cluster_;
};

class MqttFarSide final : public FarSide {
 public:
  explicit MqttFarSide(MqttPack pack) : pack_(pack), archive_(broker_.port()) {}
  Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) override {
    MqttTransportOptions options;
    options.url = *parse_url("mqtt://127.0.0.1:" + std::to_string(broker_.port()));
    options.client_id = "sluice-contract";
    options.pack = pack_;
    options.compression = pack_ == MqttPack::Block ? MqttCompression::Zstd : MqttCompression::None;
    options.timeout = kPatience;
    return make_mqtt_transport(io, options, identity());
  }
  void leave() override { broker_.stop(); }  // it saves what it has
  void come_back() override { broker_.start(); }
  // A mark behind everything says that there is no more.
  std::vector<std::string> lines(std::size_t count) override {
    std::vector<std::string> lines;
    if (pack_ == MqttPack::Records) {
      for (const auto& message : archive_.take(count)) {
        split(message.payload, lines);
      }
    }
    testing_support::Process mark(
        {.arguments = {"mosquitto_pub", "-p", std::to_string(broker_.port()), "-q", "1", "-t",
                       "mark", "-m", "end"},
         .output = {},
         .environment = {}});
    mark.wait(std::chrono::seconds(30));
    for (;;) {
      const auto message = archive_.take(1).at(0);
      if (message.topic == "mark") {
        return lines;
      }
      split(plain(message.payload), lines);
    }
  }

 private:
  const MqttPack pack_;
  testing_support::Mosquitto broker_;
  testing_support::MqttArchive archive_;
};

class FileFarSide final : public FarSide {
 public:
  explicit FileFarSide(FileCompression compression) : compression_(compression) { come_back(); }
  Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) override {
    FileTransportOptions options;
    options.path = directory_.file("out/records.ndjson");
    options.max_size = 30'000;
    options.compression = compression_;
    return make_file_transport(io, options, identity());
  }
  // Before there is anything in it, as a disk that comes later.
  void leave() override { fs::remove(directory_.file("out")); }
  void come_back() override { fs::create_directory(directory_.file("out")); }
  std::vector<std::string> lines(std::size_t /*count*/) override {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory_.file("out"))) {
      if (!entry.path().filename().string().starts_with('.')) {
        names.push_back(entry.path());
      }
    }
    std::ranges::sort(names);
    std::vector<std::string> lines;
    for (const std::string& name : names) {
      std::ifstream file(name, std::ios::binary);
      std::stringstream text;
      text << file.rdbuf();
      split(plain(text.str()), lines);
    }
    return lines;
  }
  [[nodiscard]] bool recognises_repetitions() const override { return true; }

 private:
  const FileCompression compression_;
  TempDirectory directory_;
};

// Reads a pipe, unless it is away.
class OutputFarSide final : public FarSide {
 public:
  OutputFarSide() {
    if (pipe2(ends_.data(), O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    fcntl(ends_[1], F_SETPIPE_SZ, 4096);
    come_back();
  }
  ~OutputFarSide() override {
    close(ends_[1]);
    if (reader_.joinable()) {
      reader_.join();
    }
    close(ends_[0]);
  }
  OutputFarSide(const OutputFarSide&) = delete;
  OutputFarSide& operator=(const OutputFarSide&) = delete;

  Result<std::unique_ptr<Transport>> make(boost::asio::io_context& io) override {
    return make_stdout_transport(io, ends_[1], kPatience);
  }
  void leave() override {
    const char stop = '\0';
    if (write(ends_[1], &stop, 1) != 1) {
      throw std::runtime_error("the pipe is broken");
    }
    reader_.join();
  }
  void come_back() override {
    reader_ = std::thread([this] { read_until_stopped(); });
  }
  std::vector<std::string> lines(std::size_t count) override {
    std::vector<std::string> lines;
    testing_support::eventually([&] {
      const std::lock_guard lock(mutex_);
      lines.clear();
      split(text_, lines);
      return lines.size() >= count && text_.ends_with('\n');
    });
    return lines;
  }

 private:
  void read_until_stopped() {
    std::array<char, 4096> piece{};
    for (;;) {
      const auto got = read(ends_[0], piece.data(), piece.size());
      if (got <= 0 || piece[static_cast<std::size_t>(got) - 1] == '\0') {
        return;
      }
      const std::lock_guard lock(mutex_);
      text_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }

  std::array<int, 2> ends_{};
  std::mutex mutex_;
  std::string text_;
  std::thread reader_;
};

}  // namespace

std::unique_ptr<FarSide> make_http() {
  return std::make_unique<HttpFarSide>();
}
std::unique_ptr<FarSide> make_kafka() {
  return std::make_unique<KafkaFarSide>();
}
std::unique_ptr<FarSide> make_mqtt_blocks() {
  return std::make_unique<MqttFarSide>(MqttPack::Block);
}
std::unique_ptr<FarSide> make_mqtt_records() {
  return std::make_unique<MqttFarSide>(MqttPack::Records);
}
std::unique_ptr<FarSide> make_files() {
  return std::make_unique<FileFarSide>(FileCompression::None);
}
std::unique_ptr<FarSide> make_compressed_files() {
  return std::make_unique<FileFarSide>(FileCompression::Zstd);
}
std::unique_ptr<FarSide> make_standard_output() {
  return std::make_unique<OutputFarSide>();
}

}  // namespace sluice::contract_tests
