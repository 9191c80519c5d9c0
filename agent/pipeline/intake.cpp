#include "pipeline/intake.h"

#include "core/message.h"
#include "pipeline/block_builder.h"
#include "pipeline/flow_intake.h"
#include "pipeline/handover.h"
#include "pipeline/router.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <utility>

namespace sluice {
namespace {

class SourceInlet final : public Inlet {
 public:
  SourceInlet(Handover& handover, std::size_t source) : handover_(handover), source_(source) {}

  Ticket deliver(MessageBatch& batch) override { return handover_.deliver(source_, batch); }
  [[nodiscard]] bool full() const override { return handover_.full(source_); }
  void flush() override { handover_.flush(source_); }

 private:
  Handover& handover_;
  std::size_t source_;
};

// One source as the intake's thread sees it.
struct Feed {
  Feed(Source& owner, std::string key) : source(owner), state_key(std::move(key)) {}

  Source& source;
  std::string state_key;  // empty: it has no state
  Router router;
  Position next;                          // the first message that has not been looked at
  std::optional<std::string> last_state;  // the latest that was attached to a block
};

// Figures that nothing else takes to the disk are not worth a commit of their own more often.
constexpr std::chrono::minutes kFiguresInterval{1};

}  // namespace

// The intake's thread owns everything but the handover and the counters.
class Intake::Worker {
 public:
  Worker(std::vector<FlowOptions> flows, BlockOptions options, Sequence last, BlockWriter& buffer,
         const Clock& clock)
      : options_(options),
        buffer_(buffer),
        clock_(clock),
        handover_(options, clock),
        encoder_(options.compression_level, options.block_size),
        next_sequence_(advance(last, 1)),
        figures_at_(clock.elapsed()) {
    for (FlowOptions& flow : flows) {
      const auto index = static_cast<FlowIndex>(flows_.size());
      flows_.emplace_back(std::move(flow), index, encoder_, clock_);
    }
  }

  Inlet& attach(Source& source, std::string state_key) {
    const std::size_t position = handover_.add_source(source);
    Feed& feed = feeds_.emplace_back(source, std::move(state_key));
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      const FlowOptions& flow = flows_[i].options();
      if (std::find(flow.sources.begin(), flow.sources.end(), position) != flow.sources.end()) {
        feed.router.add(static_cast<FlowIndex>(i), flow.topics);
      }
    }
    return inlets_.emplace_back(handover_, position);
  }

  Inlet& attach_to(FlowIndex flow, Source& source) {
    const std::size_t position = handover_.add_source(source);
    feeds_.emplace_back(source, "").router.add(flow, {});
    return inlets_.emplace_back(handover_, position);
  }

  void run(const std::stop_token& stop) {
    const std::stop_callback wake(stop, [this] { handover_.wake(); });
    std::vector<QueuedBatch> deliveries;
    std::vector<std::size_t> flushes;
    bool last_round = false;
    while (!last_round) {
      last_round = stop.stop_requested();  // asked first: so this round takes what came before it
      handover_.take(next_deadline(), stop, deliveries, flushes);
      for (QueuedBatch& delivery : deliveries) {
        look_at(delivery);
        delivery.messages.clear();
      }
      run_due();
      seal_due();
      for (const std::size_t source : flushes) {
        seal_blocks_of(source);
      }
      if (last_round) {
        seal_everything();
      }
      handover_.move_frontiers(frontiers());
      if (last_round) {
        buffer_.flush();
      } else {
        commit_for(flushes);
      }
    }
  }

  void settled(Sequence first) { handover_.settled(first); }
  void nudge() { handover_.wake(); }
  [[nodiscard]] std::uint64_t turns() const { return handover_.turns(); }

  [[nodiscard]] FlowCounts counts(FlowIndex index) const { return flows_[number(index)].counts(); }

 private:
  void look_at(const QueuedBatch& delivery) {
    Feed& feed = feeds_[delivery.source];
    for (std::size_t i = 0; i < delivery.messages.size(); ++i) {
      const Message message = delivery.messages[i];
      const Share share{.source = delivery.source, .first = feed.next};
      const TopicRoute& route = feed.router.find(message.topic);
      for (const FlowIndex index : route.flows) {
        flows_[number(index)].take(delivery.messages, i, route.topic_json, share, delivery.at);
      }
      // From here on the message is complete in every flow, so that the state of its source may
      // include it.
      feed.next = feed.next.after(cost(message));
      for (const FlowIndex index : route.flows) {
        seal_full(index);
      }
    }
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (flows_[i].end_batch()) {
        seal_full(static_cast<FlowIndex>(i));
      }
    }
  }

  void run_due() {
    const Instant now = clock_.elapsed();
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (flows_[i].run_due(now)) {
        seal_full(static_cast<FlowIndex>(i));
      }
    }
  }

  void seal_full(FlowIndex index) {
    while (flows_[number(index)].full(next_sequence_)) {
      seal(index);
    }
  }

  void seal_all(FlowIndex index) {
    while (flows_[number(index)].waiting_since()) {
      seal(index);
    }
  }

  void seal(FlowIndex index) {
    FlowIntake::Sealed sealed = flows_[number(index)].seal(next_sequence_);
    for (Share& share : sealed.shares) {
      add_state(index, share, sealed.block.state);
    }
    handover_.hold(sealed.block.block->first, index, std::move(sealed.shares));
    buffer_.submit(std::move(sealed.block));
  }

  void add_state(FlowIndex index, Share& share, std::vector<StateRow>& rows) {
    Feed& feed = feeds_[share.source];
    if (feed.state_key.empty()) {
      return;
    }
    const auto ticket = handover_.state_ticket(share.source, index, frontier(share.source));
    if (!ticket) {
      return;
    }
    std::string state = feed.source.state_at(*ticket);
    if (feed.last_state != state) {
      rows.push_back({feed.state_key, state});
      feed.last_state = std::move(state);
      share.carries_state = true;
    }
  }

  // Blocks that are due soon are sealed with the one that is due, so that flows which began at
  // different times do not each wake us up for themselves for ever.
  void seal_due() {
    const Instant now = clock_.elapsed();
    if (now >= next_seal()) {
      for (std::size_t i = 0; i < flows_.size(); ++i) {
        const std::optional<Instant> since = flows_[i].waiting_since();
        if (since && now - *since >= options_.flush_interval / 2) {
          seal_all(static_cast<FlowIndex>(i));
        }
      }
    }
    if (now - figures_at_ >= kFiguresInterval) {
      figures_at_ = now;
      seal_figures();
    }
  }

  void seal_figures() {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (!flows_[i].waiting_since() && flows_[i].has_figures()) {
        seal(static_cast<FlowIndex>(i));
      }
    }
  }

  void seal_blocks_of(std::size_t source) {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      const std::vector<Share>& shares = flows_[i].shares();
      if (std::any_of(shares.begin(), shares.end(),
                      [source](const Share& share) { return share.source == source; })) {
        seal_all(static_cast<FlowIndex>(i));
      }
    }
  }

  void seal_everything() {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      seal_all(static_cast<FlowIndex>(i));
    }
    seal_figures();
  }

  void commit_for(const std::vector<std::size_t>& sources) {
    if (std::any_of(sources.begin(), sources.end(),
                    [this](std::size_t source) { return handover_.awaits_settling(source); })) {
      buffer_.flush();
    }
  }

  [[nodiscard]] Instant next_seal() const {
    Instant deadline = Instant::max();
    for (const FlowIntake& flow : flows_) {
      if (const std::optional<Instant> since = flow.waiting_since()) {
        deadline = std::min(deadline, *since + options_.flush_interval);
      }
    }
    return deadline;
  }

  [[nodiscard]] Instant next_deadline() const {
    Instant deadline = next_seal();
    for (const FlowIntake& flow : flows_) {
      deadline = std::min(deadline, flow.due().value_or(Instant::max()));
    }
    return deadline;
  }

  // The first message of the source that is not entirely in sealed blocks.
  [[nodiscard]] Position frontier(std::size_t source) const {
    Position first = feeds_[source].next;
    for (const FlowIntake& flow : flows_) {
      for (const Share& share : flow.shares()) {
        if (share.source == source && share.first.ticket < first.ticket) {
          first = share.first;
        }
      }
    }
    return first;
  }

  [[nodiscard]] std::vector<Position> frontiers() const {
    std::vector<Position> all;
    for (std::size_t source = 0; source < feeds_.size(); ++source) {
      all.push_back(frontier(source));
    }
    return all;
  }

  BlockOptions options_;
  BlockWriter& buffer_;
  const Clock& clock_;
  Handover handover_;
  BlockEncoder encoder_;
  Sequence next_sequence_;
  Instant figures_at_;
  std::deque<FlowIntake> flows_;
  std::deque<Feed> feeds_;
  std::deque<SourceInlet> inlets_;
};

Intake::Intake(std::vector<FlowOptions> flows, BlockOptions options, Sequence last,
               BlockWriter& buffer, const Clock& clock)
    : worker_(std::make_unique<Worker>(std::move(flows), options, last, buffer, clock)) {
}

Intake::~Intake() = default;

Inlet& Intake::attach(Source& source, std::string state_key) {
  return worker_->attach(source, std::move(state_key));
}

Inlet& Intake::attach_to(FlowIndex flow, Source& source) {
  return worker_->attach_to(flow, source);
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): stop tokens are passed by value everywhere
void Intake::run(std::stop_token stop) {
  worker_->run(stop);
}

void Intake::settled(Sequence first) {
  worker_->settled(first);
}

FlowCounts Intake::counts(FlowIndex flow) const {
  return worker_->counts(flow);
}

void Intake::nudge() {
  worker_->nudge();
}

std::uint64_t Intake::turns() const {
  return worker_->turns();
}

}  // namespace sluice
