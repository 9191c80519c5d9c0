// The neighbours of the intake, played by the test.
#pragma once

#include "core/buffer.h"
#include "core/source.h"
#include "decoders/decoders.h"
#include "pipeline/intake.h"
#include "tests/support/fake_clock.h"
#include "tests/unit/pipeline/blocks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {

// Something that another thread changes and the test waits for.
class Observed {
 public:
  void change(const std::function<void()>& how) {
    const std::lock_guard lock(mutex_);
    how();
    changed_.notify_all();
  }

  template <class T>
  T read(const std::function<T()>& what) const {
    const std::lock_guard lock(mutex_);
    return what();
  }

  // False if it does not happen: the test has failed, however long it waits.
  [[nodiscard]] bool wait(const std::function<bool()>& condition) const {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), condition);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
};

// Keeps what it is given. The test decides when it is settled.
class FakeBuffer final : public BlockWriter {
 public:
  void submit(SealedBlock block) override {
    state_.change([&] { blocks_.push_back(std::move(block)); });
  }
  void flush() override {
    state_.change([&] { ++flushes_; });
  }

  [[nodiscard]] bool wait_for_blocks(std::size_t count) const {
    return state_.wait([&] { return blocks_.size() >= count; });
  }
  [[nodiscard]] bool wait_for_flushes(int count) const {
    return state_.wait([&] { return flushes_ >= count; });
  }
  [[nodiscard]] std::vector<SealedBlock> blocks() const {
    return state_.read<std::vector<SealedBlock>>([&] { return blocks_; });
  }
  [[nodiscard]] int flushes() const {
    return state_.read<int>([&] { return flushes_; });
  }

 private:
  Observed state_;
  std::vector<SealedBlock> blocks_;
  int flushes_ = 0;
};

// Remembers what it has been told.
class FakeSource final : public Source {
 public:
  Status run(Inlet& /*inlet*/, std::stop_token /*stop*/) override { return {}; }
  void settled(Ticket last) override {
    state_.change([&] {
      EXPECT_GT(last, settled_);
      settled_ = last;
    });
    if (on_settled) on_settled(last);
  }
  void resume() override {
    state_.change([&] { ++resumes_; });
  }
  std::string state_at(Ticket last) const override {
    return state_function ? state_function(last) : "";
  }
  SourceCounts counts() const override { return {}; }

  [[nodiscard]] bool wait_for_settled(std::uint64_t ticket) const {
    return state_.wait([&] { return number(settled_) >= ticket; });
  }
  [[nodiscard]] bool wait_for_resumes(int count) const {
    return state_.wait([&] { return resumes_ >= count; });
  }
  [[nodiscard]] std::uint64_t settled_ticket() const {
    return state_.read<std::uint64_t>([&] { return number(settled_); });
  }
  [[nodiscard]] int resumes() const {
    return state_.read<int>([&] { return resumes_; });
  }

  // Set before the intake runs.
  std::function<std::string(Ticket)> state_function;
  std::function<void(Ticket)> on_settled;

 private:
  Observed state_;
  Ticket settled_{};
  int resumes_ = 0;
};

inline FlowOptions flow(std::string name, std::vector<std::size_t> sources,
                        std::vector<std::string> topics = {}) {
  return {.name = std::move(name),
          .sources = std::move(sources),
          .topics = std::move(topics),
          .shape = LineShape::Envelope,
          .decoder = make_decoder(DecoderKind::Auto)};
}

// An intake at work between fakes, with a clock that stands still.
class FieldSide {
 public:
  FieldSide(std::vector<FlowOptions> flows, std::size_t sources, BlockOptions options = {},
            Sequence last = Sequence{0})
      : intake(std::move(flows), options, last, buffer, clock), sources_(sources) {
    for (std::size_t i = 0; i < sources; ++i) {
      inlets_.push_back(&intake.attach(sources_[i], "source/" + std::to_string(i)));
    }
  }

  void start() {
    thread_ = std::jthread([this](const std::stop_token& stop) { intake.run(stop); });
  }
  void stop() {
    thread_.request_stop();
    thread_.join();
  }

  FakeSource& source(std::size_t index) { return sources_[index]; }
  Inlet& inlet(std::size_t index) { return *inlets_[index]; }

  Ticket deliver(std::size_t source, std::string_view topic, std::string_view payload) {
    MessageBatch batch;
    batch.add({.topic = topic, .payload = payload, .received = clock.now()});
    return inlet(source).deliver(batch);
  }

  // The blocks so far, after the intake has looked at everything that `source` has delivered.
  std::vector<SealedBlock> flush(std::size_t source, std::size_t expected_blocks) {
    inlet(source).flush();
    EXPECT_TRUE(buffer.wait_for_blocks(expected_blocks));
    std::vector<SealedBlock> blocks = buffer.blocks();
    EXPECT_EQ(blocks.size(), expected_blocks);
    return blocks;
  }

  void settle(const SealedBlock& block) { intake.settled(block.block->first); }

  testing_support::FakeClock clock;
  FakeBuffer buffer;
  Intake intake;

 private:
  std::deque<FakeSource> sources_;
  std::vector<Inlet*> inlets_;
  std::jthread thread_;
};

}  // namespace sluice
