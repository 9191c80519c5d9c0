#include "pipeline/flow_intake.h"

#include "core/json_text.h"
#include "core/utf8.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice {
namespace {

// Only the intake's thread writes the counters.
void add(std::atomic<std::uint64_t>& counter, std::uint64_t records = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + records, std::memory_order_relaxed);
}

void join(std::vector<Share>& shares, const Share& share) {
  const bool has_joined = std::any_of(shares.begin(), shares.end(), [&share](const Share& other) {
    return other.source == share.source;
  });
  if (!has_joined) {
    shares.push_back(share);
  }
}

bool news(const Stateful* state) {
  return state != nullptr && state->changed();
}

// As a line without its sequence: what the payload is, not what it was taken for.
std::string line_of(std::string_view topic_json, Timestamp time, std::string_view payload) {
  std::string line = R"(,"ts":)";
  append_number(time.time_since_epoch().count(), line);
  line += R"(,"topic":)";
  line += topic_json;
  const bool text = is_utf8(payload);
  line += text ? R"(,"text":")" : R"(,"base64":")";
  if (text) {
    append_escaped(payload, line);
  } else {
    append_base64(payload, line);
  }
  line += "\"}\n";
  return line;
}

}  // namespace

bool FlowIntake::Tally::empty() const {
  return received + made + filtered + aggregated + dropped == 0;
}

// The words are those of the ledger, see buffers/FORMAT.md.
void FlowIntake::Tally::move_to(std::vector<Counted>& counted) {
  const auto move = [&counted](const char* what, std::uint64_t& records) {
    if (records > 0) {
      counted.push_back({what, std::exchange(records, 0)});
    }
  };
  move("received", received);
  move("made", made);
  move("filtered", filtered);
  move("aggregated", aggregated);
  move("dropped_error", dropped);
}

FlowIntake::FlowIntake(FlowOptions options, FlowIndex index, BlockEncoder& encoder,
                       const Clock& clock)
    : options_(std::move(options)),
      index_(index),
      encoder_(encoder),
      clock_(clock),
      lines_(options_.shape),
      builder_(index, encoder),
      decoder_state_(options_.decoder->state()),
      transforms_state_(options_.transforms ? options_.transforms->state() : nullptr) {
}

void FlowIntake::take(const MessageBatch& batch, std::size_t at, std::string_view topic_json,
                      const Share& share, Instant delivered) {
  const Message message = batch[at];
  batch_ = &batch;
  records_.clear();
  options_.decoder->decode(message, records_);
  if (records_.empty() && !news(decoder_state_)) {
    return;
  }
  open(share, delivered);
  add(received_, records_.size());
  if (options_.transforms) {
    give_to_transforms(at);
  } else {
    write_all(message, topic_json);
  }
}

void FlowIntake::give_to_transforms(std::size_t at) {
  for (const Record& record : records_) {
    options_.transforms->add(record, static_cast<std::uint32_t>(at));
  }
  tally_.received += records_.size();
  if (options_.transforms->full()) {
    transform();
  }
}

void FlowIntake::write_all(const Message& message, std::string_view topic_json) {
  for (const Record& record : records_) {
    const bool same_topic =
        record.topic.data() == message.topic.data() && record.topic.size() == message.topic.size();
    const std::string own_topic = same_topic ? std::string() : quoted(record.topic);
    const std::string_view topic = same_topic ? topic_json : std::string_view(own_topic);
    if (record.error.empty()) {
      write(record, topic, message.full_size);
    } else {
      take_failed(record, topic, &message);
    }
  }
}

void FlowIntake::open(const Share& share, Instant delivered) {
  if (!waiting_since()) {
    opened_ = delivered;
  }
  newest_ = share;
  newest_delivered_ = delivered;
  older_lines_ = builder_.count();
  join(shares_, share);
}

bool FlowIntake::end_batch() {
  const bool runs = options_.transforms && !options_.transforms->empty();
  if (runs) {
    transform();
  }
  batch_ = nullptr;
  last_buried_ = nullptr;
  close_if_empty();
  return runs;
}

// Everything was filtered: there is nothing that its messages would have to wait for.
void FlowIntake::close_if_empty() {
  if (builder_.empty() && !has_news()) {
    shares_.clear();
  }
}

bool FlowIntake::has_news() const {
  return !dead_.empty() || news(decoder_state_) || news(transforms_state_);
}

void FlowIntake::transform() {
  options_.transforms->run(*this);
}

std::optional<Instant> FlowIntake::due() const {
  return options_.transforms ? options_.transforms->due() : std::nullopt;
}

bool FlowIntake::run_due(Instant now) {
  const std::optional<Instant> due = this->due();
  if (!due || *due > now) {
    return false;
  }
  if (!waiting_since()) {
    opened_ = now;
  }
  transform();
  close_if_empty();
  return true;
}

void FlowIntake::pass(const Record& record, std::uint32_t origin) {
  topic_json_.clear();
  append_quoted(record.topic, topic_json_);
  if (record.error.empty()) {
    write(record, topic_json_, 0);
  } else if (origin != kMade && batch_ != nullptr) {
    const Message message = (*batch_)[origin];
    take_failed(record, topic_json_, &message);
  } else {
    take_failed(record, topic_json_, nullptr);
  }
}

void FlowIntake::count(Fate fate, std::uint64_t records) {
  (fate == Fate::Filtered ? tally_.filtered : tally_.aggregated) += records;
  add(fate == Fate::Filtered ? filtered_ : aggregated_, records);
}

void FlowIntake::count_made(std::uint64_t records) {
  tally_.made += records;
  add(made_, records);
}

void FlowIntake::write(const Record& record, std::string_view topic_json, std::uint64_t full_size) {
  lines_.append(record, topic_json, full_size, builder_.text());
  builder_.end_line(record.time);
  add(written_);
}

void FlowIntake::take_failed(const Record& record, std::string_view topic_json,
                             const Message* message) {
  add(errors_);
  switch (options_.on_error) {
    case OnError::Keep:
      write(record, topic_json, message != nullptr ? message->full_size : 0);
      return;
    case OnError::Drop:
      ++tally_.dropped;
      break;
    case OnError::DeadLetter:
      if (!bury(record, topic_json, message)) {
        tally_.received -= options_.transforms ? 1U : 0U;  // the buffer counts letters
        return;
      }
      break;
  }
  // What transforms were given has been counted when it arrived.
  tally_.received += options_.transforms ? 0U : 1U;
}

// The whole message, so that it can be tried again from the beginning. Of what a step has made
// there is only the record.
bool FlowIntake::bury(const Record& record, std::string_view topic_json, const Message* message) {
  const std::string_view payload = message != nullptr ? message->payload : record.body;
  if (message != nullptr && std::exchange(last_buried_, payload.data()) == payload.data()) {
    return false;  // for another of its records
  }
  const Timestamp time = message != nullptr ? message->received : record.time;
  const std::string own_topic = message != nullptr ? quoted(message->topic) : std::string();
  DeadLetter why{std::string(record.error), "in the step " + std::string(record.failed_step)};
  if (message != nullptr && message->full_size != 0) {
    why.detail =
        "the message had " + std::to_string(message->full_size) + " bytes; this is its beginning";
  }
  dead_.push_back(
      {line_of(message != nullptr ? own_topic : topic_json, time, payload), time, std::move(why)});
  return true;
}

std::optional<Instant> FlowIntake::waiting_since() const {
  const bool waits = !builder_.empty() || !shares_.empty() || has_news();
  return waits ? std::optional(opened_) : std::nullopt;
}

bool FlowIntake::full(Sequence first) const {
  return builder_.full(first);
}

// With transforms, all of what waits makes one block: their state and their figures belong to
// exactly the messages that went through them.
FlowIntake::Sealed FlowIntake::seal(Sequence& next) {
  if (options_.transforms && !options_.transforms->empty()) {
    transform();
  }
  Sealed sealed;
  for (Dead& dead : std::exchange(dead_, {})) {
    const LineMark mark{dead.line.size(), dead.time};
    sealed.block.dead.push_back(
        {std::make_shared<const Block>(encoder_.encode(index_, next, dead.line, {&mark, 1})),
         std::move(dead.why)});
    next = advance(next, 1);
  }
  Block block;
  if (builder_.empty()) {
    block.flow = index_;
    block.first = next;
    block.skipped = 1;
    block.min_time = clock_.now();
    block.max_time = block.min_time;
  } else {
    block = options_.transforms ? builder_.seal_all(next) : builder_.seal(next);
    tally_.received += options_.transforms ? 0 : block.count;
    add(blocks_);
  }
  sealed.shares = leave(block.count);
  next = advance(block.last(), 1);
  sealed.block.block = std::make_shared<const Block>(std::move(block));
  tally_.move_to(sealed.block.counted);
  save(sealed.block);
  return sealed;
}

void FlowIntake::save(SealedBlock& sealed) {
  if (news(decoder_state_)) {
    sealed.state.push_back({decoder_state_key(options_.name), decoder_state_->save()});
  }
  if (news(transforms_state_)) {
    sealed.state.push_back({transforms_state_key(options_.name), transforms_state_->save()});
  }
}

// The shares of the block that consists of the first `sealed_lines` lines. What stays open is as a
// rule a part of the newest message. More may stay when sequences have just got one more digit:
// then it is assumed that it belongs to every message in the block.
std::vector<Share> FlowIntake::leave(std::size_t sealed_lines) {
  older_lines_ -= std::min(older_lines_, sealed_lines);
  if (builder_.empty()) {
    return std::exchange(shares_, {});
  }
  std::vector<Share> shares = shares_;
  if (older_lines_ == 0) {
    shares_ = {newest_};
    opened_ = newest_delivered_;
  }
  return shares;
}

FlowCounts FlowIntake::counts() const {
  return {.records = written_,
          .blocks = blocks_,
          .errors = errors_,
          .received = received_,
          .made = made_,
          .filtered = filtered_,
          .aggregated = aggregated_};
}

}  // namespace sluice
