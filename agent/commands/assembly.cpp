#include "commands/assembly.h"

#include "admin/server.h"
#include "commands/agent_watch.h"
#include "commands/flow_parts.h"
#include "commands/input_retries.h"
#include "commands/metrics.h"
#include "commands/status.h"
#include "commands/tap.h"
#include "commands/transports.h"
#include "metrics/page.h"
#include "page/page_route.h"
#include "pipeline/intake.h"
#include "tools/backend.h"
#include "tools/buffer_routes.h"
#include "tools/dead_routes.h"

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/require.hpp>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace sluice {

namespace {

// As long as one exists, the io_context's run() does not return for lack of work.
auto keep_running(boost::asio::io_context& io) {
  return boost::asio::require(io.get_executor(), boost::asio::execution::outstanding_work.tracked);
}
using KeepRunning = decltype(keep_running(std::declval<boost::asio::io_context&>()));

// Shown by ps -L and by the benchmarks, at most 15 characters.
void name_this_thread(const char* name) {
  prctl(PR_SET_NAME, name);
}

std::vector<DispatcherFeed> feeds_of(const Config& config, const std::string& sink) {
  std::vector<DispatcherFeed> feeds;
  for (std::size_t flow = 0; flow < config.flows.size(); ++flow) {
    const std::vector<std::string>& to = config.flows[flow].to;
    const auto place = std::ranges::find(to, sink);
    if (place != to.end()) {
      feeds.push_back({FlowIndex(flow), SinkIndex(place - to.begin())});
    }
  }
  return feeds;
}

std::vector<std::string> names_of(const std::vector<FlowConfig>& flows) {
  std::vector<std::string> names;
  names.reserve(flows.size());
  for (const FlowConfig& flow : flows) {
    names.push_back(flow.name);
  }
  return names;
}

SenderIdentity identity_of(const Config& config, std::uint64_t epoch, std::string_view version) {
  SenderIdentity identity{.agent = config.agent.id,
                          .version = std::string(version),
                          .epoch = epoch,
                          .flows = {},
                          .flow_configs = {}};
  for (const FlowConfig& flow : config.flows) {
    identity.flows.push_back(flow.name);
    identity.flow_configs.push_back(flow.hash);
  }
  return identity;
}

}  // namespace

// Members are destroyed in reverse order: threads first, then what they use.
class Agent::Parts {
 public:
  Parts(const Config& config, std::string_view version, const Clock& clock,
        std::unique_ptr<SqliteBuffer> buffer)
      : clock_(clock),
        version_(version),
        agent_(config.agent.id),
        shutdown_timeout_(config.agent.shutdown_timeout),
        buffer_(std::move(buffer)),
        intake_(flows_of(config, *buffer_, clock_), config.blocks, buffer_->last_sequence(), tap_,
                clock_),
        flow_names_(names_of(config.flows)),
        admin_({.own_socket = own_socket_of(config.agent.data_dir),
                .endpoint = config.admin,
                .limits = {}},
               routes()) {
    for (const SourceConfig& source : config.sources) {
      sources_.push_back(make_source(source));
      source_names_.push_back(source.name);
      inlets_.push_back(&intake_.attach(*sources_.back(), mqtt_state_key(source.name)));
    }
    retries_.attach(intake_, flow_names_);
  }

  Status add_sinks(const Config& config, std::string_view version) {
    const SenderIdentity identity = identity_of(config, buffer_->epoch(), version);
    for (const SinkConfig& sink : config.sinks) {
      auto transport = make_transport(uplink_, sink, identity);
      if (!transport) {
        return Error{transport.error().reaction,
                     "sink " + sink.name + ": " + transport.error().message};
      }
      dispatchers_.push_back(std::make_unique<Dispatcher>(
          uplink_,
          DispatcherOptions{
              .name = sink.name, .feeds = feeds_of(config, sink.name), .delivery = sink.delivery},
          *buffer_, *buffer_, *std::move(transport)));
      sink_names_.push_back(sink.name);
    }
    return {};
  }

  void start() {
    watch_.watch_store(*buffer_);
    watch_.watch_intake(intake_);
    watch_.watch_uplink(uplink_);
    watch_.watch_admin(admin_);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      watch_.watch_source(source_names_[i], *sources_[i]);
    }
    watch_.begin(status());
    admin_.start();
    store_thread_ = std::jthread([this](const std::stop_token& stop) {
      name_this_thread("store");
      buffer_->run(intake_, shutdown_timeout_ / 4, stop);
    });
    intake_thread_ = std::jthread([this](const std::stop_token& stop) {
      name_this_thread("intake");
      intake_.run(stop);
    });
    uplink_thread_ = std::jthread([this] {
      name_this_thread("uplink");
      uplink_.run();
      uplink_done_.set_value();
    });
    for (const auto& dispatcher : dispatchers_) {
      dispatcher->start();
    }
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      source_threads_.emplace_back([this, i](const std::stop_token& stop) {
        name_this_thread("link");
        run_source(i, stop);
      });
    }
  }

  void stop() {
    const Instant deadline = clock_.elapsed() + shutdown_timeout_;
    buffer_->stop_waiting();
    for (std::jthread& thread : source_threads_) {
      thread.request_stop();
    }
    source_threads_.clear();  // waits: each source has a drain time of its own
    end(intake_thread_);
    stop_uplink(deadline);
    admin_.stop();
    end(store_thread_);
  }

  [[nodiscard]] bool failed() const { return failed_; }

  AgentState look() {
    tap_.beat();
    return watch_.look(status());
  }

  [[nodiscard]] AgentCounts counts() const {
    AgentCounts sum;
    for (const auto& source : sources_) {
      const SourceCounts counts = source->counts();
      sum.received += counts.messages;
      sum.acknowledged += counts.acknowledged;
      sum.redelivered += counts.redelivered;
    }
    for (std::size_t flow = 0; flow < flow_names_.size(); ++flow) {
      sum.records += intake_.counts(FlowIndex(flow)).records;
    }
    for (const auto& dispatcher : dispatchers_) {
      sum.delivered += dispatcher->counts().records;
    }
    BufferCounts buffer = buffer_->counts();
    sum.held = buffer.held_records;
    sum.buffer_trouble = std::move(buffer.trouble);
    sum.buffer_quarantine = std::move(buffer.quarantine);
    sum.buffer_lost_data = buffer.lost_blocks > 0 || buffer.lost_records > 0;
    return sum;
  }

 private:
  std::unique_ptr<Source> make_source(const SourceConfig& source) {
    if (source.kind == SourceKind::Internal) {
      return make_internal_source(
          source.internal, [this] { return to_json(status()); }, clock_);
    }
    return make_mqtt_source(source.mqtt, *buffer_, clock_);
  }

  void run_source(std::size_t index, const std::stop_token& stop) {
    const Status ended = sources_[index]->run(*inlets_[index], stop);
    if (!ended) {
      spdlog::error("source gave up: {}", ended.error().message);
      failed_ = true;
    }
  }

  static void end(std::jthread& thread) {
    thread.request_stop();
    if (thread.joinable()) {
      thread.join();
    }
  }

  // A request under way may still be answered: that saves the far side a duplicate.
  void stop_uplink(Instant deadline) {
    for (const auto& dispatcher : dispatchers_) {
      dispatcher->stop();
    }
    work_.reset();
    if (uplink_thread_.joinable()) {
      const auto at_most =
          std::min(deadline - clock_.elapsed(), Instant::duration(shutdown_timeout_ / 4));
      uplink_done_.get_future().wait_for(at_most);
      uplink_.stop();
      uplink_thread_.join();
    }
  }

  AdminRoutes routes() {
    AdminRoutes routes;
    add_page(routes);
    routes.add(AdminMethod::Get, "/livez", AdminAccess::Open,
               [this](const AdminRequest&) { return watch_.livez(); });
    routes.add(AdminMethod::Get, "/readyz", AdminAccess::Open, [this](const AdminRequest&) {
      const Health health = health_of(status());
      return AdminResponse{.status = health.state == HealthState::Failing ? 503U : 200U,
                           .text = to_json(health)};
    });
    routes.add(AdminMethod::Get, "/status", AdminAccess::Figures,
               [this](const AdminRequest&) { return AdminResponse{.text = to_json(status())}; });
    routes.add(AdminMethod::Get, "/metrics", AdminAccess::Figures, [this](const AdminRequest&) {
      return AdminResponse{.content_type = std::string(kMetricsContentType),
                           .text = to_metrics(status(), process_figures())};
    });
    add_tap_route(routes, tap_, flow_names_);
    add_buffer_routes(routes, *buffer_);
    add_dead_routes(routes, *buffer_);
    add_dead_changes(routes, *buffer_, &retries_);
    return routes;
  }

  // The ledgers are read before the counts of the intake: nothing is in the file that has not
  // arrived.
  [[nodiscard]] AgentStatus status() const {
    AgentStatus status{.version = version_,
                       .agent = agent_,
                       .epoch = buffer_->epoch(),
                       .now = clock_.now(),
                       .counts = counts(),
                       .buffer = buffer_->counts(),
                       .flows = flow_statuses(),
                       .sources = {},
                       .sinks = {}};
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      status.sources[source_names_[i]] = sources_[i]->counts();
    }
    for (std::size_t i = 0; i < dispatchers_.size(); ++i) {
      status.sinks[sink_names_[i]] = {dispatchers_[i]->counts(), dispatchers_[i]->connection()};
    }
    add_feeds_and_rooms(status);
    watch_.tell(status);
    return status;
  }

  [[nodiscard]] std::map<std::string, FlowStatus, std::less<>> flow_statuses() const {
    std::map<std::string, FlowStatus, std::less<>> flows;
    FlowLedgers ledgers = buffer_->ledgers();
    for (std::size_t i = 0; i < flow_names_.size(); ++i) {
      FlowStatus& flow = flows[flow_names_[i]];
      flow.ledger = std::move(ledgers[flow_names_[i]]);
      flow.counts = intake_.counts(FlowIndex(i));
    }
    return flows;
  }

  // What buffer and sinks know by the position of the flow.
  void add_feeds_and_rooms(AgentStatus& status) const {
    for (std::size_t i = 0; i < flow_names_.size(); ++i) {
      status.flows[flow_names_[i]].room = status.buffer.flows.at(i);
    }
    for (const auto& [name, sink] : status.sinks) {
      for (const FeedCounts& feed : sink.counts.feeds) {
        status.flows[flow_names_.at(number(feed.flow))].feeds.emplace(name, feed);
      }
    }
  }

  const Clock& clock_;
  const std::string version_;
  const std::string agent_;
  const std::chrono::milliseconds shutdown_timeout_;
  std::unique_ptr<SqliteBuffer> buffer_;
  Tap tap_{*buffer_, clock_};
  InputRetries retries_;
  Intake intake_;
  const std::vector<std::string> flow_names_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<std::string> source_names_;  // of them
  std::vector<Inlet*> inlets_;
  boost::asio::io_context uplink_{1};
  std::optional<KeepRunning> work_{keep_running(uplink_)};
  std::vector<std::unique_ptr<Dispatcher>> dispatchers_;
  std::vector<std::string> sink_names_;  // of them
  std::promise<void> uplink_done_;
  std::atomic<bool> failed_ = false;
  std::jthread store_thread_;
  std::jthread intake_thread_;
  std::jthread uplink_thread_;
  std::vector<std::jthread> source_threads_;
  AgentWatch watch_{clock_, *buffer_};
  AdminServer admin_;  // last: its handlers use everything else
};

Result<std::unique_ptr<Agent>> Agent::make(const Config& config, std::string_view version) {
  SqliteBufferOptions options = config.buffer;
  options.compression_level = config.blocks.compression_level;
  static const SystemClock clock;
  auto buffer = open_sqlite_buffer(std::move(options), clock);
  if (!buffer) {
    return buffer.error();
  }
  auto parts = std::make_unique<Parts>(config, version, clock, *std::move(buffer));
  if (Status added = parts->add_sinks(config, version); !added) {
    return added.error();
  }
  return std::unique_ptr<Agent>(new Agent(std::move(parts)));
}

Agent::Agent(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
}

Agent::~Agent() {
  stop();
}

void Agent::start() {
  parts_->start();
}

void Agent::stop() {
  parts_->stop();
}

AgentState Agent::look() {
  return parts_->look();
}

bool Agent::failed() const {
  return parts_->failed();
}

AgentCounts Agent::counts() const {
  return parts_->counts();
}

}  // namespace sluice
