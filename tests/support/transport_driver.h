// A transport, with the thread of the test as its uplink thread, and blocks to send.
#pragma once

#include "core/transport.h"
#include "tests/support/process.h"
#include "uplink/codec.h"
#include "uplink/sender_identity.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::testing_support {

// As the agent writes it; the same for a sequence each time. `bytes` more than the least there is.
inline std::string line_of(std::uint64_t sequence, std::size_t bytes = 40) {
  std::mt19937_64 random(sequence);
  std::string noise;
  while (noise.size() < bytes) {
    noise += std::to_string(random());
  }
  return R"({"seq":)" + std::to_string(sequence) + R"(,"ts":1763692800123,"topic":"sensors/)" +
         std::to_string(sequence % 5) + R"(/t","data":{"n":")" + noise + "\"}}";
}

inline BlockPtr block_of(std::uint64_t first, std::uint32_t count, std::size_t bytes = 40,
                         Codec codec = Codec::ZstdNdjson) {
  std::string text;
  for (std::uint32_t i = 0; i < count; ++i) {
    text += line_of(first + i, bytes) + '\n';
  }
  Block block;
  block.first = Sequence(first);
  block.count = count;
  block.raw_bytes = static_cast<std::uint32_t>(text.size());
  block.codec = codec;
  block.data = codec == Codec::Ndjson ? text : *compress_frame(text);
  return std::make_shared<const Block>(std::move(block));
}

inline SenderIdentity identity() {
  return {.agent = "gateway-7",
          .version = "1",
          .epoch = 0xabc,
          .flows = {"telemetry"},
          .flow_configs = {"5d2c"}};
}

class TransportDriver {
 public:
  using Make = std::function<Result<std::unique_ptr<Transport>>(boost::asio::io_context& io)>;

  explicit TransportDriver(const Make& make) {
    auto made = make(io_);
    if (!made) {
      throw std::runtime_error(made.error().message);
    }
    transport_ = *std::move(made);
  }

  Answer send(const BlockPtr& block) {
    begin(block);
    return finish();
  }
  // Again and again, as a dispatcher would without pauses, while the answer is to retry.
  Answer send_until_decided(const BlockPtr& block) {
    Answer answer;
    const auto end = std::chrono::steady_clock::now() + kSafetyNet;
    do {
      answer = send(block);
    } while (answer.verdict == Verdict::Retry && std::chrono::steady_clock::now() < end);
    return answer;
  }
  void begin(const BlockPtr& block) {
    answer_.reset();
    transport_->send({.block = block}, [this](const Answer& answer) {
      EXPECT_FALSE(answer_) << "answered twice";
      answer_ = answer;
    });
    EXPECT_FALSE(answer_) << "answered before send() has returned";
  }
  Answer finish() {
    const auto end = std::chrono::steady_clock::now() + kSafetyNet;
    io_.restart();
    while (!answer_ && std::chrono::steady_clock::now() < end && io_.run_one_until(end) > 0) {
    }
    EXPECT_TRUE(answer_) << "send() was never answered";
    return answer_.value_or(Answer{});
  }
  // What else is to be done at the moment.
  void run_ready() {
    io_.restart();
    io_.poll();
  }
  [[nodiscard]] bool answered() const { return answer_.has_value(); }
  Transport& transport() { return *transport_; }
  boost::asio::io_context& io() { return io_; }

 private:
  static constexpr std::chrono::seconds kSafetyNet{60};

  boost::asio::io_context io_;
  std::unique_ptr<Transport> transport_;
  std::optional<Answer> answer_;
};

}  // namespace sluice::testing_support
