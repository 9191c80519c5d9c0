// A buffer with known records, reached the way the tools reach it.
#pragma once

#include "admin/server.h"
#include "buffers/sqlite_buffer.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/temp_directory.h"
#include "tools/backend.h"
#include "tools/buffer_routes.h"
#include "tools/dead_routes.h"
#include "tools/input_retry.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice::testing_support {

inline std::string compress(const std::string& text) {
  std::string frame(ZSTD_compressBound(text.size()), '\0');
  frame.resize(ZSTD_compress(frame.data(), frame.size(), text.data(), text.size(), 1));
  return frame;
}

inline std::string line_of(std::uint64_t sequence) {
  return "{\"seq\":" + std::to_string(sequence) + ",\"data\":{}}\n";
}

inline std::string lines_of(std::uint64_t first, std::uint64_t last) {
  std::string lines;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
    lines += line_of(sequence);
  }
  return lines;
}

inline SealedBlock block_of_lines(std::size_t flow, std::uint64_t first, std::uint32_t count) {
  const std::string lines = lines_of(first, first + count - 1);
  Block block;
  block.flow = FlowIndex(flow);
  block.first = Sequence(first);
  block.count = count;
  block.raw_bytes = static_cast<std::uint32_t>(lines.size());
  block.codec = Codec::ZstdNdjson;
  block.min_time = Timestamp(std::chrono::milliseconds(1'000 * first));
  block.max_time = Timestamp(std::chrono::milliseconds(1'000 * (first + count - 1)));
  block.data = compress(lines);
  return {.block = std::make_shared<const Block>(std::move(block)),
          .counted = {{"received", count}}};
}

// Stands for the field side of an agent: keeps what is to be put through once more until the test
// says what has become of it.
class HeldRetries final : public InputRetry {
 public:
  struct Held {
    RetriedInput input;
    std::function<void(Status)> settled;
  };

  void retry(RetriedInput input, std::function<void(Status)> settled) override {
    const std::lock_guard lock(mutex_);
    held_.push_back({std::move(input), std::move(settled)});
    changed_.notify_all();
  }

  // As many as are asked for; fewer if it takes too long.
  std::vector<Held> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return held_.size() >= count; });
    return std::exchange(held_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Held> held_;
};

// The store of an agent and, if it is wanted, its admin server.
class StoreWithSocket {
 public:
  StoreWithSocket(SqliteBufferOptions options, bool socket)
      : buffer_(*open_sqlite_buffer(options, clock_)), thread_([this](const std::stop_token& stop) {
          buffer_->run(settlements_, std::chrono::seconds(10), stop);
        }) {
    if (!socket) {
      return;
    }
    AdminRoutes routes;
    add_buffer_routes(routes, *buffer_);
    add_dead_routes(routes, *buffer_);
    add_dead_changes(routes, *buffer_, &retries_);
    AdminOptions endpoint;
    endpoint.listen.kind = AdminAddress::Kind::Off;
    server_.emplace(
        AdminServerOptions{
            .own_socket = own_socket_of(options.directory), .endpoint = endpoint, .limits = {}},
        std::move(routes));
    server_->start();
  }

  SqliteBuffer& buffer() { return *buffer_; }
  HeldRetries& retries() { return retries_; }

  void store(std::size_t flow, std::uint64_t first, std::uint32_t count) {
    buffer_->submit(block_of_lines(flow, first, count));
    buffer_->flush();
    ASSERT_TRUE(settlements_.wait_for(++stored_));
  }

 private:
  const SystemClock clock_;
  Settlements settlements_;
  HeldRetries retries_;
  std::size_t stored_ = 0;
  std::unique_ptr<SqliteBuffer> buffer_;
  std::jthread thread_;
  std::optional<AdminServer> server_;
};

enum class Mode { Running, Stopped };

// Every test is about a running agent, and about one that is stopped.
class ToolTest : public testing::TestWithParam<Mode> {
 protected:
  ToolTest() {
    options_.directory = directory_.path();
    options_.routes = {{"logs", {"cloud", "archive"}}, {"data", {"cloud"}}};
    options_.flush_interval = std::chrono::milliseconds(50);
    open();
  }

  void open() { store_.emplace(options_, GetParam() == Mode::Running); }
  void close() { store_.reset(); }

  // To be called when the buffer holds what the test wants.
  ToolBackend& reach(ToolUse use = ToolUse::Read) {
    backend_.reset();
    if (GetParam() == Mode::Stopped) {
      close();
    }
    auto reached = reach_buffer(options_, use);
    EXPECT_TRUE(reached) << reached.error().message;
    backend_ = *std::move(reached);
    return *backend_;
  }
  void let_go() {
    backend_.reset();
    if (!store_) {
      open();
    }
  }

  const TempDirectory directory_;
  SqliteBufferOptions options_;
  std::optional<StoreWithSocket> store_;
  std::unique_ptr<ToolBackend> backend_;
};

inline std::string name_of_mode(const testing::TestParamInfo<Mode>& mode) {
  return mode.param == Mode::Running ? "Running" : "Stopped";
}

}  // namespace sluice::testing_support
