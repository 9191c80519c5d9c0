// The agent's own figures as messages.
#include "sources/internal_source.h"

#include "core/mutex.h"
#include "tests/support/fake_clock.h"
#include "tests/support/process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using testing_support::eventually;

class Desk final : public Inlet {
 public:
  Ticket deliver(MessageBatch& batch) override {
    const MutexLock lock(mutex_);
    for (std::size_t i = 0; i < batch.size(); ++i) {
      messages_.push_back(std::string(batch[i].topic) + ' ' + std::string(batch[i].payload));
      times_.push_back(batch[i].received);
    }
    batch.clear();
    return Ticket{messages_.size()};
  }
  [[nodiscard]] bool full() const override { return is_full; }
  void flush() override {}

  std::vector<std::string> messages() {
    const MutexLock lock(mutex_);
    return messages_;
  }
  std::vector<Timestamp> times() {
    const MutexLock lock(mutex_);
    return times_;
  }

  std::atomic<bool> is_full = false;

 private:
  Mutex mutex_;
  std::vector<std::string> messages_ SLUICE_GUARDED_BY(mutex_);
  std::vector<Timestamp> times_ SLUICE_GUARDED_BY(mutex_);
};

class OwnFigures : public testing::Test {
 protected:
  OwnFigures() {
    thread_ = std::jthread(
        [this](const std::stop_token& stop) { EXPECT_TRUE(source_->run(desk_, stop)); });
  }

  void SetUp() override { turn(); }  // it has seen when it was started

  // Until the source has seen what time it is.
  void pass(std::chrono::seconds time) {
    clock_.advance(time);
    turn();
    turn();
  }
  void turn() {
    const std::uint64_t before = source_->counts().turns;
    ASSERT_TRUE(eventually([&] {
      source_->resume();
      return source_->counts().turns > before;
    }));
  }

  testing_support::FakeClock clock_;
  std::atomic<int> asked_ = 0;
  Desk desk_;
  std::unique_ptr<Source> source_ = make_internal_source(
      {.topic = "sluice/plant-7/status", .every = 60s},
      [this] { return "{\"n\":" + std::to_string(++asked_) + '}'; }, clock_);
  std::jthread thread_;
};

using Messages = std::vector<std::string>;

TEST_F(OwnFigures, AreSentOnceInEveryInterval) {
  pass(59s);
  EXPECT_EQ(desk_.messages(), Messages{});
  pass(1s);
  EXPECT_EQ(desk_.messages(), Messages{"sluice/plant-7/status {\"n\":1}"});
  EXPECT_EQ(desk_.times(), std::vector<Timestamp>{clock_.now()});
  pass(60s);
  EXPECT_EQ(desk_.messages().size(), 2U);
  EXPECT_EQ(source_->counts().messages, 2U);
  EXPECT_TRUE(source_->counts().connected);
}

TEST_F(OwnFigures, AreNotKeptForLaterWhileThereIsNoRoom) {
  desk_.is_full = true;
  pass(60s);
  EXPECT_EQ(desk_.messages(), Messages{});
  EXPECT_EQ(asked_, 0);
  desk_.is_full = false;
  turn();
  EXPECT_EQ(desk_.messages(), Messages{}) << "the next ones are fresher";
  pass(60s);
  EXPECT_EQ(desk_.messages().size(), 1U);
}

TEST_F(OwnFigures, EndAtOnceWhenTheyAreToldTo) {
  turn();
  thread_.request_stop();
  thread_.join();
  EXPECT_FALSE(source_->counts().connected);
}

}  // namespace
}  // namespace sluice
