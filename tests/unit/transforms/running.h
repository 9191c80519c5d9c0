// Runs steps over records as a flow would, and shows what came out.
#pragma once

#include "core/message.h"
#include "tests/support/fake_clock.h"
#include "transforms/chain.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

struct Came {
  std::string topic;
  std::string body;
  std::string error;
  std::string failed_step;
  BodyKind kind = BodyKind::Json;
  Timestamp time;
  std::uint32_t origin = 0;
};

class Running final : public TransformOutput {
 public:
  explicit Running(std::vector<NamedStep> steps) : chain_(make_chain(std::move(steps), clock_)) {}
  explicit Running(std::unique_ptr<Step> step) : Running(of_one(std::move(step))) {}

  // Adds without running.
  void add(std::string_view json, std::string_view topic = "a/b", BodyKind kind = BodyKind::Json) {
    // The bytes are gone afterwards, as they are when a decoder is called again.
    const std::string padded = std::string(json) + std::string(MessageBatch::kPadding, ' ');
    chain_->add({.topic = topic,
                 .time = clock_.now(),
                 .kind = kind,
                 .body = std::string_view(padded).substr(0, json.size()),
                 .error = {}},
                added_++);
  }
  void run() {
    came_.clear();
    chain_->run(*this);
  }

  // What becomes of one record that is run by itself: the bodies that come out.
  std::vector<std::string> of(std::string_view json, std::string_view topic = "a/b",
                              BodyKind kind = BodyKind::Json) {
    add(json, topic, kind);
    run();
    return bodies();
  }
  // The only one; "-" if nothing comes out.
  std::string one(std::string_view json, std::string_view topic = "a/b",
                  BodyKind kind = BodyKind::Json) {
    const std::vector<std::string> all = of(json, topic, kind);
    return all.empty() ? "-" : (all.size() == 1 ? all.front() : "several");
  }

  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const Came& each : came_) {
      all.push_back(each.body);
    }
    return all;
  }

  void pass(const Record& record, std::uint32_t origin) override {
    came_.push_back({std::string(record.topic), std::string(record.body), std::string(record.error),
                     std::string(record.failed_step), record.kind, record.time, origin});
  }
  void count(Fate fate, std::uint64_t records) override {
    (fate == Fate::Filtered ? filtered : aggregated) += records;
  }
  void count_made(std::uint64_t records) override { made += records; }

  [[nodiscard]] Transforms& chain() { return *chain_; }
  [[nodiscard]] const std::vector<Came>& came() const { return came_; }
  [[nodiscard]] testing_support::FakeClock& clock() { return clock_; }

  std::uint64_t filtered = 0;
  std::uint64_t aggregated = 0;
  std::uint64_t made = 0;

 private:
  static std::vector<NamedStep> of_one(std::unique_ptr<Step> step) {
    std::vector<NamedStep> steps;
    steps.push_back({"step", std::move(step)});
    return steps;
  }

  testing_support::FakeClock clock_;
  std::unique_ptr<Transforms> chain_;
  std::uint32_t added_ = 0;
  std::vector<Came> came_;
};

}  // namespace sluice
