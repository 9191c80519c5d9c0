#include "pipeline/intake.h"

#include "core/json_text.h"
#include "core/message.h"
#include "core/record.h"
#include "pipeline/block_builder.h"
#include "pipeline/handover.h"
#include "pipeline/line_writer.h"
#include "pipeline/router.h"

#include <algorithm>
#include <atomic>
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
  std::string state_key;
  Router router;
  Position next;                          // the first message that has not been looked at
  std::optional<std::string> last_state;  // the latest that was attached to a block
};

// One flow as the intake's thread sees it; the counters are read by any.
struct Flow {
  Flow(FlowOptions flow_options, FlowIndex index, BlockEncoder& encoder)
      : options(std::move(flow_options)), lines(options.shape), builder(index, encoder) {}

  FlowOptions options;
  LineWriter lines;
  BlockBuilder builder;
  std::vector<Share> shares;  // of the sources in the open block
  Instant opened;             // when the oldest message in the open block was delivered
  Share newest;               // the message that was added last
  Instant newest_delivered;
  std::size_t older_lines = 0;  // open lines of the messages before it

  std::atomic<std::uint64_t> records = 0;
  std::atomic<std::uint64_t> blocks = 0;
  std::atomic<std::uint64_t> errors = 0;
};

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
        next_sequence_(advance(last, 1)) {
    for (FlowOptions& flow : flows) {
      const auto index = static_cast<FlowIndex>(flows_.size());
      flows_.emplace_back(std::move(flow), index, encoder_);
    }
  }

  Inlet& attach(Source& source, std::string state_key) {
    const std::size_t position = handover_.add_source(source);
    Feed& feed = feeds_.emplace_back(source, std::move(state_key));
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      const FlowOptions& flow = flows_[i].options;
      if (std::find(flow.sources.begin(), flow.sources.end(), position) != flow.sources.end()) {
        feed.router.add(static_cast<FlowIndex>(i), flow.topics);
      }
    }
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

  [[nodiscard]] FlowCounts counts(FlowIndex index) const {
    const Flow& flow = flows_[number(index)];
    return {.records = flow.records, .blocks = flow.blocks, .errors = flow.errors};
  }

 private:
  void look_at(const QueuedBatch& delivery) {
    Feed& feed = feeds_[delivery.source];
    for (std::size_t i = 0; i < delivery.messages.size(); ++i) {
      const Message message = delivery.messages[i];
      const Share share{.source = delivery.source, .first = feed.next};
      const TopicRoute& route = feed.router.find(message.topic);
      for (const FlowIndex index : route.flows) {
        append(flows_[number(index)], message, route.topic_json, share, delivery.at);
      }
      // From here on the message is complete in every flow, so that the state of its source may
      // include it.
      feed.next = feed.next.after(cost(message));
      for (const FlowIndex index : route.flows) {
        seal_full(index);
      }
    }
  }

  void append(Flow& flow, const Message& message, std::string_view topic_json, const Share& share,
              Instant delivered) {
    records_.clear();
    flow.options.decoder->decode(message, records_);
    if (records_.empty()) {
      return;
    }
    if (flow.builder.empty()) {
      flow.opened = delivered;
    }
    flow.newest = share;
    flow.newest_delivered = delivered;
    flow.older_lines = flow.builder.count();
    join(flow.shares, share);
    for (const Record& record : records_) {
      const bool same_topic = record.topic.data() == message.topic.data() &&
                              record.topic.size() == message.topic.size();
      flow.lines.append(record, same_topic ? topic_json : quoted(record.topic), message.full_size,
                        flow.builder.text());
      flow.builder.end_line(record.time);
      count(flow.records);
      if (!record.error.empty()) {
        count(flow.errors);
      }
    }
  }

  static void join(std::vector<Share>& shares, const Share& share) {
    const bool has_joined = std::any_of(shares.begin(), shares.end(), [&share](const Share& other) {
      return other.source == share.source;
    });
    if (!has_joined) {
      shares.push_back(share);
    }
  }

  // Only the intake's thread writes the counters.
  static void count(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  void seal_full(FlowIndex index) {
    while (flows_[number(index)].builder.full(next_sequence_)) {
      seal(index);
    }
  }

  void seal_all(FlowIndex index) {
    while (!flows_[number(index)].builder.empty()) {
      seal(index);
    }
  }

  void seal(FlowIndex index) {
    Flow& flow = flows_[number(index)];
    SealedBlock sealed;
    sealed.block = std::make_shared<const Block>(flow.builder.seal(next_sequence_));
    next_sequence_ = advance(next_sequence_, sealed.block->count);
    count(flow.blocks);
    std::vector<Share> shares = leave(flow, sealed.block->count);
    for (Share& share : shares) {
      add_state(index, share, sealed.state);
    }
    handover_.hold(sealed.block->first, index, std::move(shares));
    buffer_.submit(std::move(sealed));
  }

  // The shares of the block that consists of the first `sealed_lines` lines. What stays open is as
  // a rule a part of the newest message. More may stay when sequences have just got one more digit:
  // then it is assumed that it belongs to every message in the block.
  static std::vector<Share> leave(Flow& flow, std::size_t sealed_lines) {
    flow.older_lines -= std::min(flow.older_lines, sealed_lines);
    if (flow.builder.empty()) {
      return std::exchange(flow.shares, {});
    }
    std::vector<Share> shares = flow.shares;
    if (flow.older_lines == 0) {
      flow.shares = {flow.newest};
      flow.opened = flow.newest_delivered;
    }
    return shares;
  }

  void add_state(FlowIndex index, Share& share, std::vector<StateRow>& rows) {
    Feed& feed = feeds_[share.source];
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
    if (now < next_deadline()) {
      return;
    }
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      if (now - flows_[i].opened >= options_.flush_interval / 2) {
        seal_all(static_cast<FlowIndex>(i));
      }
    }
  }

  void seal_blocks_of(std::size_t source) {
    for (std::size_t i = 0; i < flows_.size(); ++i) {
      const std::vector<Share>& shares = flows_[i].shares;
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
  }

  void commit_for(const std::vector<std::size_t>& sources) {
    if (std::any_of(sources.begin(), sources.end(),
                    [this](std::size_t source) { return handover_.awaits_settling(source); })) {
      buffer_.flush();
    }
  }

  [[nodiscard]] Instant next_deadline() const {
    Instant deadline = Instant::max();
    for (const Flow& flow : flows_) {
      if (!flow.builder.empty()) {
        deadline = std::min(deadline, flow.opened + options_.flush_interval);
      }
    }
    return deadline;
  }

  // The first message of the source that is not entirely in sealed blocks.
  [[nodiscard]] Position frontier(std::size_t source) const {
    Position first = feeds_[source].next;
    for (const Flow& flow : flows_) {
      for (const Share& share : flow.shares) {
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
  std::deque<Flow> flows_;
  std::deque<Feed> feeds_;
  std::deque<SourceInlet> inlets_;
  std::vector<Record> records_;
};

Intake::Intake(std::vector<FlowOptions> flows, BlockOptions options, Sequence last,
               BlockWriter& buffer, const Clock& clock)
    : worker_(std::make_unique<Worker>(std::move(flows), options, last, buffer, clock)) {
}

Intake::~Intake() = default;

Inlet& Intake::attach(Source& source, std::string state_key) {
  return worker_->attach(source, std::move(state_key));
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

}  // namespace sluice
