#include "tests/lab/simulator.h"

#include "net/url.h"
#include "tests/lab/io_thread.h"
#include "tests/lab/publisher.h"
#include "tests/support/process.h"

#include <boost/asio/steady_timer.hpp>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice::lab {

namespace {

using std::chrono::steady_clock;

// Short, so that messages come as evenly as from real devices and not in gusts.
constexpr std::chrono::milliseconds kTick{1};

void check(const SimulatorOptions& options) {
  if (options.payload.devices == 0 || options.connections == 0 || options.window == 0) {
    throw std::invalid_argument("at least one device, one connection and a window of one message");
  }
  if (options.qos > 2) {
    throw std::invalid_argument("QoS is 0, 1 or 2");
  }
  if (!(options.rate >= 0)) {
    throw std::invalid_argument("the rate must not be negative");
  }
}

PublisherOptions publisher_options(const SimulatorOptions& options) {
  const Result<Url> url = parse_url(options.url);
  if (!url) {
    throw std::invalid_argument(url.error().message);
  }
  if (url->scheme != "mqtt") {
    throw std::invalid_argument("the simulator speaks mqtt:// only, not " + url->scheme + "://");
  }
  return {.host = url->host,
          .port = url->port,
          .username = options.username.empty() ? url->user : options.username,
          .password = options.username.empty() ? url->password : options.password,
          .client_id = options.client_id,
          .protocol = options.protocol,
          .qos = static_cast<std::uint8_t>(options.qos),
          .window = options.window};
}

std::string unused_client_id() {
  static std::atomic<unsigned> made = 0;
  return "lab-" + std::to_string(getpid()) + "-" + std::to_string(++made);
}

std::string topic_of(std::string pattern, const std::string& device) {
  constexpr std::string_view kPlace = "<device>";
  const std::size_t at = pattern.find(kPlace);
  return at == std::string::npos ? pattern : pattern.replace(at, kPlace.size(), device);
}

std::uint64_t now_milliseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

// All of it on its own thread, through call().
class Simulator::Fleet final : public Load {
 public:
  explicit Fleet(const SimulatorOptions& options)
      : options_(options),
        payloads_(options.payload),
        sent_(options.payload.devices),
        acked_(options.payload.devices),
        timer_(thread_.context()) {
    for (unsigned device = 0; device < options.payload.devices; ++device) {
      topics_.push_back(topic_of(options.topic, payloads_.device(device)));
    }
    PublisherOptions each = publisher_options(options);
    const std::string id = each.client_id.empty() ? unused_client_id() : each.client_id;
    // More connections than devices would have nothing to send.
    const unsigned connections = std::min(options.connections, options.payload.devices);
    for (unsigned i = 0; i < connections; ++i) {
      each.client_id = id + "-" + std::to_string(i);
      next_device_.push_back(i);
      publishers_.push_back(std::make_unique<Publisher>(thread_.context(), each, i, *this));
      publishers_.back()->connect();
    }
    thread_.start();
  }

  ~Fleet() override {
    thread_.call([this] {
      timer_.cancel();
      for (const auto& each : publishers_) {
        each->leave();
      }
    });
    thread_.stop();
  }
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  template <class Question>
  auto ask(Question question) {
    return thread_.call([this, question] { return question(*this); });
  }

  void start() {
    if (std::exchange(loading_, true) || exhausted()) {
      return;
    }
    started_ = started_.value_or(steady_clock::now());
    ticked_ = steady_clock::now();
    credit_ = options_.rate == 0 ? std::numeric_limits<double>::infinity() : 1;
    if (options_.rate == 0) {
      pump_all();
    } else {
      tick();
    }
  }

  void stop_load() {
    loading_ = false;
    timer_.cancel();
  }

  [[nodiscard]] bool loading() const { return loading_ && !exhausted(); }
  [[nodiscard]] bool connected() const {
    return std::all_of(publishers_.begin(), publishers_.end(),
                       [](const auto& each) { return each->connected(); });
  }
  [[nodiscard]] bool settled() const {
    return std::all_of(publishers_.begin(), publishers_.end(),
                       [](const auto& each) { return each->idle(); });
  }
  [[nodiscard]] const std::string& last_problem() const { return last_problem_; }

  [[nodiscard]] LoadCounts counts() const {
    LoadCounts counts = counts_;
    for (const auto& each : publishers_) {
      counts.reconnects += each->connects() - std::min<std::uint64_t>(1, each->connects());
    }
    if (started_) {
      counts.seconds = std::chrono::duration<double>(newest_ - *started_).count();
    }
    return counts;
  }

  [[nodiscard]] DeviceRanges acked() const {
    DeviceRanges all;
    for (unsigned device = 0; device < acked_.size(); ++device) {
      if (!acked_[device].empty()) {
        all.emplace(payloads_.device(device), acked_[device]);
      }
    }
    return all;
  }

 private:
  [[nodiscard]] bool exhausted() const {
    return options_.count != 0 && counts_.published >= options_.count;
  }

  void tick() {
    const auto now = steady_clock::now();
    credit_ += options_.rate * std::chrono::duration<double>(now - ticked_).count();
    credit_ = std::min(credit_, std::max(1.0, options_.rate));
    ticked_ = now;
    pump_all();
    if (!loading()) {
      return;
    }
    timer_.expires_after(kTick);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
      if (!cancelled && loading_) {
        tick();
      }
    });
  }

  // A different one is first each time: it may take all that is due.
  void pump_all() {
    for (std::size_t i = 0; i < publishers_.size(); ++i) {
      publishers_[(first_ + i) % publishers_.size()]->pump();
    }
    ++first_;
  }

  std::optional<Draft> next(unsigned publisher) override {
    if (!loading() || credit_ < 1) {
      return std::nullopt;
    }
    credit_ -= 1;
    const unsigned device = next_device_[publisher];
    const auto step = static_cast<unsigned>(publishers_.size());
    next_device_[publisher] = device + step < options_.payload.devices ? device + step : publisher;
    text_.clear();
    Draft draft;
    draft.mark.device = device;
    draft.mark.n = sent_[device];
    draft.mark.counts = payloads_.append_next(device, now_milliseconds(), text_);
    sent_[device] += draft.mark.counts ? 1 : 0;
    draft.topic = topics_[device];
    draft.payload = text_;
    ++counts_.published;
    counts_.payload_bytes += text_.size();
    newest_ = steady_clock::now();
    return draft;
  }

  void acknowledged(const Mark& mark, bool accepted) override {
    if (!accepted) {
      ++counts_.refused;
      return;
    }
    ++counts_.acked;
    if (mark.counts) {
      acked_[mark.device].insert(mark.n);
    }
  }

  void sent_again() override { ++counts_.redelivered; }
  void failed(const std::string& problem) override { last_problem_ = problem; }

  SimulatorOptions options_;
  Payloads payloads_;
  std::vector<std::string> topics_;
  std::vector<std::uint64_t> sent_;  // per device, those that count
  std::vector<Ranges> acked_;
  std::vector<unsigned> next_device_;  // per publisher
  LoadCounts counts_;
  std::string text_;
  std::string last_problem_;
  bool loading_ = false;
  double credit_ = 0;  // messages that are due
  std::size_t first_ = 0;
  std::optional<steady_clock::time_point> started_;
  steady_clock::time_point ticked_;
  steady_clock::time_point newest_;
  IoThread thread_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Publisher>> publishers_;
};

Simulator::Simulator(const SimulatorOptions& options) {
  check(options);
  fleet_ = std::make_unique<Fleet>(options);
}
Simulator::~Simulator() = default;

void Simulator::start() {
  fleet_->ask([](Fleet& fleet) { fleet.start(); });
}

void Simulator::stop_load() {
  fleet_->ask([](Fleet& fleet) { fleet.stop_load(); });
}

bool Simulator::connected() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.connected(); });
}

bool Simulator::loading() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.loading(); });
}

bool Simulator::settled() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.settled(); });
}

LoadCounts Simulator::counts() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.counts(); });
}

DeviceRanges Simulator::acked() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.acked(); });
}

std::string Simulator::last_problem() const {
  return fleet_->ask([](Fleet& fleet) { return fleet.last_problem(); });
}

bool Simulator::wait_until_connected(std::chrono::milliseconds at_most) const {
  return testing_support::eventually([this] { return connected(); }, at_most);
}

bool Simulator::wait_until_published(std::uint64_t messages,
                                     std::chrono::milliseconds at_most) const {
  return testing_support::eventually([this, messages] { return counts().published >= messages; },
                                     at_most);
}

bool Simulator::wait_until_settled(std::chrono::milliseconds at_most) const {
  return testing_support::eventually([this] { return settled(); }, at_most);
}

}  // namespace sluice::lab
