#include "uplink/kafka_transport.h"

#include "uplink/doorbell.h"
#include "uplink/farewell.h"
#include "uplink/kafka_errors.h"
#include "uplink/kafka_producer.h"
#include "uplink/pending_answer.h"
#include "uplink/record_batch.h"
#include "uplink/record_lines.h"
#include "uplink/record_template.h"
#include "uplink/step_deadline.h"

#include <algorithm>
#include <deque>
#include <list>
#include <utility>

namespace sluice {

namespace {

// Slashes separate the parts of MQTT's topics as dots do Kafka's.
void make_kafka_topic(std::string& name) {
  constexpr std::size_t kLongest = 249;
  for (char& c : name) {
    const bool legal = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '_' || c == '-';
    c = c == '/' ? '.' : (legal ? c : '_');
  }
  name.resize(std::min(name.size(), kLongest));
  if (name.empty() || name == "." || name == "..") {
    name += '_';
  }
}

// A batch, and the tickets under which its records are with librdkafka.
struct Flight {
  struct Ticket {
    Flight* flight;
    Sequence sequence;
  };
  std::unique_ptr<RecordBatch> batch;
  std::deque<Ticket> tickets;  // does not move them
};

// The tickets are with the producer until its end.
struct Past {
  std::list<std::unique_ptr<Flight>> flights;
  std::unique_ptr<KafkaProducer> producer;
};

class KafkaTransport final : public Transport {
 public:
  KafkaTransport(boost::asio::io_context& io, KafkaTransportOptions options,
                 SenderIdentity identity, RecordTemplate topic, RecordTemplate key)
      : options_(std::move(options)),
        identity_(std::move(identity)),
        topic_(std::move(topic)),
        key_(std::move(key)),
        answer_(io),
        deadline_(io),
        bell_(io, [this] { look(); }) {
    handlers_ = {
        .reported = [this](void* ticket, int code) { reported(ticket, code); },
        .broker_trouble = [this](int code, const std::string& words) { note(code, words); },
        .fatal = [this](int code, const std::string& words) { fatal(code, words); },
        .all_brokers_down = [this](int code, const std::string& words) { all_down(code, words); },
    };
  }

  // Also checks what librdkafka makes of the settings.
  Status start() {
    auto producer = KafkaProducer::make(options_, identity_, bell_.descriptor());
    if (!producer) {
      return producer.error();
    }
    producer_ = *std::move(producer);
    return {};
  }

  void send(const Shipment& shipment, AnswerHandler then) override {
    if (producer_) {
      look();  // what went wrong while nothing was under way is no answer to this
    }
    answer_.expect(std::move(then));
    const BlockPtr& block = shipment.block;
    if (!producer_) {
      if (const Status started = start(); !started) {
        answer_.give(Verdict::Retry, started.error().message);
        return;
      }
    }
    // After a time-out it is still with librdkafka, which knows what it has sent: producing it
    // again would give up the protection against duplicates.
    if (current_ == nullptr || !current_->batch->is(*block)) {
      give_up_current();
      auto batch = RecordBatch::make(block, delivered_);
      if (!batch) {
        const bool never = batch.error().reaction == Reaction::Reject;
        answer_.give(never ? Verdict::Refused : Verdict::Retry, batch.error().message);
        return;
      }
      flights_.push_back(std::make_unique<Flight>());
      current_ = flights_.back().get();
      current_->batch = *std::move(batch);
    }
    bell_.listen();
    deadline_.set(options_.timeout, [this] { timed_out(); });
    look();
  }

  void cancel() override {
    give_up_current();
    stop_waiting();
    deadline_.close();
    answer_.give(Verdict::Retry, "given up");
  }

 private:
  // Everything that has happened, and what follows from it.
  void look() {
    producer_->poll(handlers_);
    if (broken_) {
      start_anew();
    }
    feed();
    if (current_ != nullptr && current_->batch->done() && answer_.expected()) {
      conclude();
    }
    flights_.remove_if([this](const std::unique_ptr<Flight>& flight) {
      return flight.get() != current_ && flight->batch->outstanding() == 0;
    });
  }

  // As much as librdkafka's queue takes.
  void feed() {
    if (current_ == nullptr || !answer_.expected()) {
      return;
    }
    RecordBatch& batch = *current_->batch;
    const std::string& flow = identity_.flows.at(number(batch.block().flow));
    while (const auto item = batch.front()) {
      const int code = produce(*item, flow);
      if (KafkaProducer::means_queue_is_full(code) && anything_outstanding()) {
        current_->tickets.pop_back();
        return;  // a report makes room
      }
      batch.pop();
      if (code != 0) {
        // A record that does not fit into an empty queue never will.
        const int why =
            KafkaProducer::means_queue_is_full(code) ? KafkaProducer::record_is_too_large() : code;
        batch.failed(item->sequence, kafka_verdict(why), kafka_words(why));
      }
    }
  }

  int produce(const RecordBatch::Item& item, const std::string& flow) {
    const TemplateValues values{
        .agent = identity_.agent, .flow = flow, .topic = topic_of(item.line, unescaped_topic_)};
    topic_.expand(values, topic_name_);
    make_kafka_topic(topic_name_);
    key_.expand(values, key_text_);
    const std::string sequence = std::to_string(number(item.sequence));
    current_->tickets.push_back({current_, item.sequence});
    return producer_->produce({.topic = topic_name_.c_str(),
                               .key = key_text_,
                               .value = item.line,
                               .flow = flow,
                               .sequence = sequence,
                               .ticket = &current_->tickets.back()});
  }

  [[nodiscard]] bool anything_outstanding() const {
    return std::ranges::any_of(flights_, [](const std::unique_ptr<Flight>& flight) {
      return flight->batch->outstanding() > 0;
    });
  }

  void conclude() {
    RecordBatch& batch = *current_->batch;
    if (batch.anything_failed()) {
      batch.remember(delivered_);
    } else {
      delivered_.remove(batch.block().first, batch.block().last());
      trouble_ = {};
    }
    current_ = nullptr;
    stop_waiting();
    Answer answer = batch.answer();
    if (answer.verdict == Verdict::Misconfigured) {
      // librdkafka would believe for minutes that nothing has been repaired.
      part_with_producer();
    }
    answer_.give(std::move(answer));
  }

  // Its threads take up to a second to end, which is too long for this one.
  void part_with_producer() {
    farewell_.to(std::make_unique<Past>(Past{std::move(flights_), std::move(producer_)}));
    flights_.clear();
  }

  void stop_waiting() {
    bell_.rest();
    deadline_.clear();
  }

  // Its reports are still waited for, somehow: what arrives late need not be sent again.
  void give_up_current() {
    if (current_ == nullptr) {
      return;
    }
    current_->batch->remember(delivered_);
    if (current_->batch->outstanding() > 0 && producer_) {
      producer_->purge();
    }
    current_ = nullptr;
  }

  // --- called while polling ---

  void reported(void* ticket, int code) {
    const auto& [flight, sequence] = *static_cast<Flight::Ticket*>(ticket);
    if (code != 0) {
      flight->batch->failed(sequence, kafka_verdict(code), kafka_words(code));
      return;
    }
    flight->batch->delivered(sequence);
    if (flight != current_) {
      delivered_.add(sequence, sequence);
    }
  }

  // librdkafka goes on trying. If nothing comes of it, this is why.
  void note(int code, const std::string& words) {
    trouble_ = {.verdict = kafka_verdict(code), .retry_after = {}, .detail = words};
  }

  void all_down(int /*code*/, const std::string& words) {
    if (trouble_.detail.empty()) {
      trouble_.detail = words;
    }
    if (answer_.expected()) {
      stop_waiting();
      answer_.give(trouble_);
    }
  }

  // The producer's own account of what it has sent is in doubt: only a new one can go on.
  void fatal(int code, const std::string& words) {
    note(code, words);
    broken_ = true;
  }

  void start_anew() {
    broken_ = false;
    if (current_ != nullptr) {
      current_->batch->remember(delivered_);
      current_ = nullptr;
    }
    part_with_producer();
    stop_waiting();
    answer_.give(trouble_);
  }

  void timed_out() {
    bell_.rest();
    const RecordBatch& batch = *current_->batch;
    answer_.give(trouble_.verdict,
                 "no answer from Kafka in time, arrived=" + std::to_string(batch.arrived()) +
                     " of " + std::to_string(batch.block().count) +
                     (trouble_.detail.empty() ? "" : ": " + trouble_.detail));
  }

  const KafkaTransportOptions options_;
  const SenderIdentity identity_;
  const RecordTemplate topic_;
  const RecordTemplate key_;
  PendingAnswer answer_;
  StepDeadline deadline_;
  KafkaHandlers handlers_;
  std::list<std::unique_ptr<Flight>> flights_;  // with librdkafka; outlive the producer
  Flight* current_ = nullptr;                   // of the block that is being sent
  SequenceRanges delivered_;                    // of blocks that were not confirmed as a whole
  Answer trouble_;                              // since the last success
  bool broken_ = false;
  std::string topic_name_;  // memory that is used again
  std::string key_text_;
  std::string unescaped_topic_;
  Doorbell bell_;
  std::unique_ptr<KafkaProducer> producer_;
  Farewell farewell_;  // to earlier ones
};

}  // namespace

Result<std::unique_ptr<Transport>> make_kafka_transport(boost::asio::io_context& io,
                                                        const KafkaTransportOptions& options,
                                                        const SenderIdentity& identity) {
  auto topic = RecordTemplate::make(options.topic);
  auto key = RecordTemplate::make(options.key);
  if (!topic || !key) {
    return Error{Reaction::Reject,
                 topic ? "key " + key.error().message : "topic " + topic.error().message};
  }
  auto transport =
      std::make_unique<KafkaTransport>(io, options, identity, *std::move(topic), *std::move(key));
  if (const Status started = transport->start(); !started) {
    return started.error();
  }
  return std::unique_ptr<Transport>(std::move(transport));
}

}  // namespace sluice
