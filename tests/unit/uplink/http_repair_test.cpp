// Faults that last, and end without a restart: the dispatcher with a real transport.
#include "core/mutex.h"
#include "tests/support/memory_buffer.h"
#include "tests/support/temp_directory.h"
#include "tests/unit/uplink/name_service.h"
#include "tests/unit/uplink/sending.h"
#include "uplink/dispatcher.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <mutex>
#include <vector>

namespace sluice::uplink_tests {
namespace {

using std::chrono::milliseconds;
using Connection = RawServer::Connection;

// Counts what an operator would see, for the time of a test.
class LogLines final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  [[nodiscard]] int of(spdlog::level::level_enum level) {
    const std::scoped_lock lock(mutex_);
    return static_cast<int>(std::count(levels_.begin(), levels_.end(), level));
  }

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    levels_.push_back(message.level);
  }
  void flush_() override {}

  std::vector<spdlog::level::level_enum> levels_;
};

class Nobody final : public BufferListener {
 public:
  void settled(Sequence /*first*/) override {}
};

class HttpRepair : public ::testing::Test {
 public:
  HttpRepair() {
    before_ = spdlog::default_logger();
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", log_));
    for (std::uint64_t i = 0; i < kBlocks; ++i) {
      buffer_.submit({make_block(1 + i * 10, 10), {}});
    }
  }
  ~HttpRepair() override { spdlog::set_default_logger(before_); }

 protected:
  static constexpr std::uint64_t kBlocks = 20;

  // Delivers until `failed` attempts were in vain, calls `repair`, and goes on to the end.
  void deliver(const HttpTransportOptions& options, std::uint64_t failed,
               const std::function<void()>& repair) {
    boost::asio::io_context io;
    auto transport = make_http_transport(
        io, options,
        {.agent = "gateway-7", .epoch = 1, .flows = {"telemetry"}, .flow_configs = {}});
    ASSERT_TRUE(transport) << transport.error().message;
    Dispatcher dispatcher(
        io,
        {.name = "cloud",
         .feeds = {{FlowIndex(0), SinkIndex(0)}},
         .delivery = {.retry = {.initial = milliseconds(1), .max = milliseconds(2)}}},
        buffer_, buffer_, *std::move(transport));
    dispatcher.start();
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (dispatcher.counts().retries < failed && io.run_one_until(end) > 0) {
    }
    ASSERT_GE(dispatcher.counts().retries, failed);
    ASSERT_EQ(buffer_.held_blocks(), kBlocks);
    repair();
    while (buffer_.held_blocks() > 0 && io.run_one_until(end) > 0) {
    }
    EXPECT_EQ(buffer_.held_blocks(), 0U);
    EXPECT_EQ(dispatcher.counts().records, kBlocks * 10);
    dispatcher.stop();
    buffer_.stop();
  }

  Nobody nobody_;
  testing_support::MemoryBuffer buffer_{{1}, nobody_};
  std::shared_ptr<LogLines> log_ = std::make_shared<LogLines>();
  std::shared_ptr<spdlog::logger> before_;
};

TEST_F(HttpRepair, OfATokenThatWasRefusedForADayLosesNothing) {
  RawServer server([](Connection& connection, int /*number*/) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      const bool welcome = header_of(request, "Authorization") == "Bearer good";
      connection.write(welcome ? kOk : reply_of("401 Unauthorized", "who are you"));
    }
  });
  const testing_support::TempDirectory directory;
  std::ofstream(directory.file("token")) << "expired";
  HttpTransportOptions options = options_for(server.url());
  options.auth.bearer_file = directory.file("token");
  deliver(options, 200, [&] { std::ofstream(directory.file("token")) << "good"; });
  EXPECT_EQ(log_->of(spdlog::level::err), 1) << "one clear line";
  EXPECT_EQ(log_->of(spdlog::level::warn), 0);
}

TEST_F(HttpRepair, OfANameThatDidNotResolveLosesNothing) {
  RawServer server([](Connection& connection, int /*number*/) {
    while (!connection.read_request().empty()) {
      connection.write(kOk);
    }
  });
  name_resolves_to("away.test", "");
  HttpTransportOptions options =
      options_for("http://away.test:" + std::to_string(server.port()) + "/");
  deliver(options, 50, [] { name_resolves_to("away.test", "127.0.0.1"); });
  EXPECT_EQ(log_->of(spdlog::level::warn), 1) << "one clear line";
  EXPECT_EQ(log_->of(spdlog::level::err), 0);
}

}  // namespace
}  // namespace sluice::uplink_tests
