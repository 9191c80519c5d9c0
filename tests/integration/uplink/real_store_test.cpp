// The dispatcher between the real buffer, on its own thread, and a real receiver.
#include "buffers/sqlite_buffer.h"
#include "tests/lab/receiver.h"
#include "tests/support/buffer_probe.h"
#include "tests/support/dead_letters.h"
#include "tests/support/line_blocks.h"
#include "tests/support/temp_directory.h"
#include "uplink/dispatcher.h"
#include "uplink/http_transport.h"

#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

namespace sluice {
namespace {

using testing_support::kPatience;
using testing_support::list_dead_letters;
using testing_support::make_lines;
using testing_support::Settlements;
using testing_support::TempDirectory;

// Counts the records that it accepts, and refuses what it is told to.
class Destination {
 public:
  explicit Destination(std::uint64_t refused) {
    receiver_.follow(
        [refused](const std::map<std::string, std::string>& headers, const std::string& /*body*/) {
          const std::uint64_t first = std::stoull(headers.at("sluice-first-seq"));
          const std::uint64_t end = first + std::stoull(headers.at("sluice-count"));
          return first <= refused && refused < end
                     ? lab::Behaviour{.status = 422, .body = "what\tis this?"}
                     : lab::Behaviour{};
        });
    receiver_.observe(
        [this](const std::map<std::string, std::string>& headers, const std::string& lines) {
          const std::lock_guard lock(mutex_);
          const bool backfill = headers.contains("sluice-backfill");
          std::istringstream text(lines);
          for (std::string line; std::getline(text, line); ++records_) {
            ++times_[std::stoull(line.substr(line.find(':') + 1))];
            backfilled_ += backfill ? 1 : 0;
          }
          changed_.notify_all();
        });
  }
  ~Destination() { receiver_.stop(); }
  Destination(const Destination&) = delete;
  Destination& operator=(const Destination&) = delete;

  bool wait_for(std::uint64_t records) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return records_ >= records; });
  }
  [[nodiscard]] HttpTransportOptions options() const {
    HttpTransportOptions options;
    options.url = *parse_url("http://127.0.0.1:" + std::to_string(receiver_.port()) + "/");
    return options;
  }
  std::map<std::uint64_t, int> times() {
    const std::lock_guard lock(mutex_);
    return times_;
  }
  std::uint64_t backfilled() {
    const std::lock_guard lock(mutex_);
    return backfilled_;
  }

 private:
  std::mutex mutex_;  // guards the next four
  std::condition_variable changed_;
  std::map<std::uint64_t, int> times_;
  std::uint64_t records_ = 0;
  std::uint64_t backfilled_ = 0;
  lab::Receiver receiver_{{}};
};

class RealStore : public ::testing::Test {
 protected:
  RealStore() {
    SqliteBufferOptions options;
    options.directory = directory_.path();
    options.flush_interval = std::chrono::milliseconds(1);
    options.routes = {{"a", {"x"}}, {"b", {"x"}}};
    buffer_ = *open_sqlite_buffer(options, clock_);
    store_ = std::jthread([this](std::stop_token stop) {
      buffer_->run(settlements_, std::chrono::seconds(10), std::move(stop));
    });
    uplink_ = std::jthread([this] { io_.run(); });
  }
  void TearDown() override {
    dispatcher_.reset();
    work_.reset();
    uplink_ = {};
    store_ = {};
  }

  // Blocks of the two flows by turns.
  void store(int blocks) {
    for (int i = 0; i < blocks; ++i, next_ += kRecords) {
      buffer_->submit(
          make_lines(submitted_ % 2, next_, std::vector<std::string>(kRecords, "text")));
      ++submitted_;
    }
    buffer_->flush();
    ASSERT_TRUE(settlements_.wait_for(submitted_));
  }

  void deliver(const Destination& destination, const DeliveryOptions& delivery) {
    auto transport =
        make_http_transport(io_, destination.options(),
                            {.agent = "a", .epoch = 1, .flows = {"a", "b"}, .flow_configs = {}});
    ASSERT_TRUE(transport);
    dispatcher_ = std::make_unique<Dispatcher>(
        io_,
        DispatcherOptions{.name = "x",
                          .feeds = {{FlowIndex(0), SinkIndex(0)}, {FlowIndex(1), SinkIndex(0)}},
                          .delivery = delivery},
        *buffer_, *buffer_, *std::move(transport));
    dispatcher_->start();
  }

  void wait_until_empty() {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (buffer_->counts().held_records > 0 && std::chrono::steady_clock::now() < end) {
      std::this_thread::yield();
    }
    EXPECT_EQ(buffer_->counts().held_records, 0U);
  }

  void expect_each_once(Destination& destination, std::uint64_t without = 0) const {
    const std::map<std::uint64_t, int> times = destination.times();
    for (std::uint64_t each = 1; each < next_; ++each) {
      const auto found = times.find(each);
      ASSERT_EQ(found == times.end() ? 0 : found->second, each == without ? 0 : 1) << each;
    }
  }

  static constexpr int kRecords = 500;
  TempDirectory directory_;
  SystemClock clock_;
  Settlements settlements_;
  std::unique_ptr<SqliteBuffer> buffer_;
  std::uint64_t next_ = 1;
  std::size_t submitted_ = 0;
  boost::asio::io_context io_;
  std::optional<decltype(boost::asio::require(io_.get_executor(),
                                              boost::asio::execution::outstanding_work_t::tracked))>
      work_{boost::asio::require(io_.get_executor(),
                                 boost::asio::execution::outstanding_work_t::tracked)};
  std::jthread store_;
  std::jthread uplink_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(RealStore, GivesAwayAllButTheOneOfTenThousandThatIsRefused) {
  constexpr std::uint64_t kBad = 6'789;
  Destination destination(kBad);
  store(20);
  deliver(destination, {.retry = {std::chrono::milliseconds(1), std::chrono::milliseconds(10)}});
  ASSERT_TRUE(destination.wait_for(9'999));
  wait_until_empty();
  expect_each_once(destination, kBad);
  const auto dead = list_dead_letters(*buffer_, DeadId(0), 10);
  ASSERT_TRUE(dead);
  ASSERT_EQ(dead->size(), 1U);
  EXPECT_EQ((*dead)[0].first, Sequence(kBad));
  EXPECT_EQ((*dead)[0].why.reason, "refused");
  EXPECT_TRUE((*dead)[0].why.detail.starts_with("422"));
  EXPECT_TRUE((*dead)[0].why.detail.ends_with("what\tis this?"));
}

TEST_F(RealStore, GivesAwayEverythingOnceWithFreshDataAheadOfABacklog) {
  Destination destination(0);
  store(60);
  deliver(destination, {.retry = {std::chrono::milliseconds(1), std::chrono::milliseconds(10)},
                        .order = DeliveryOrder::LiveFirst});
  for (int i = 0; i < 10; ++i) {
    store(6);
  }
  ASSERT_TRUE(destination.wait_for(next_ - 1));
  wait_until_empty();
  expect_each_once(destination);
  EXPECT_GE(destination.backfilled(), 58U * kRecords);
}

}  // namespace
}  // namespace sluice
