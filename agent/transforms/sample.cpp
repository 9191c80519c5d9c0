#include "transforms/groups.h"
#include "transforms/thinning_steps.h"

namespace sluice {
namespace {

// What a group has had in its last interval.
struct Sampled {
  Timestamp interval;
  bool holds = false;  // the record below, which has not come out yet
  BodyKind kind = BodyKind::Json;
  Timestamp time;
  std::string topic;
  std::string body;

  [[nodiscard]] std::size_t bytes() const { return holds ? topic.size() + body.size() : 0; }

  void save(StateWriter& writer) const {
    writer.time(interval.time_since_epoch());
    writer.number(holds ? 1 + static_cast<std::uint64_t>(kind) : 0);
    if (holds) {
      writer.time(time.time_since_epoch());
      writer.text(topic);
      writer.text(body);
    }
  }
  void restore(StateReader& reader) {
    interval = Timestamp(reader.time());
    const std::uint64_t what = reader.number();
    holds = what > 0;
    if (holds) {
      kind = static_cast<BodyKind>(what - 1);
      time = Timestamp(reader.time());
      topic = reader.text();
      body = reader.text();
    }
  }
};

class Sample final : public Step, public Stateful {
 public:
  // What is saved means the same whatever the options are: nothing that is held is left behind.
  explicit Sample(const SampleOptions& options)
      : by_(options.by),
        every_(options.every),
        take_(options.take),
        max_bytes_(options.max_bytes),
        state_("sample 1", {}, options.max_groups) {}

  void run(RowBatch& batch, const StepTime& now) override {
    const std::size_t count = batch.size();  // without those that come out below
    const Timestamp interval =
        interval_start(wall_.at(state_.timeline().at(now), now.wall), every_);
    if (held_ > 0 && interval != interval_) {
      release_all(batch);
    }
    interval_ = interval;
    for (std::size_t i = 0; i < count; ++i) {
      if (batch.rows()[i].live()) {
        look_at(batch, i);
      }
    }
  }

  [[nodiscard]] std::optional<Instant> due() const override {
    return held_ > 0
               ? std::optional(state_.timeline().instant(wall_.on_timeline(interval_ + every_)))
               : std::nullopt;
  }

  Stateful* state() override { return this; }
  [[nodiscard]] bool changed() const override { return state_.changed(); }
  std::string save() override { return state_.save(); }
  Status restore(std::string_view saved) override {
    if (Status restored = state_.restore(saved); !restored) {
      return restored;
    }
    held_ = 0;
    held_bytes_ = 0;
    state_.groups().for_each([this](std::string_view, const Sampled& group) {
      if (group.holds) {
        ++held_;
        held_bytes_ += group.bytes();
        interval_ = group.interval;
      }
    });
    return {};
  }

 private:
  void look_at(RowBatch& batch, std::size_t at) {
    const auto key = by_.key_of(batch, batch.rows()[at]);
    if (!key) {
      return;
    }
    Sampled* group = state_.groups().find(*key);
    if (group == nullptr) {
      group = &state_.groups().add(*key,
                                   [&](std::string_view, Sampled& gone) { release(batch, gone); });
      group->interval = interval_ - every_;
      group->holds = false;
    }
    const bool first = group->interval != interval_;
    group->interval = interval_;
    if (take_ == SampleOptions::Take::First && !first) {
      RowBatch::filter(batch.rows()[at]);
      return;
    }
    state_.touch();
    if (take_ == SampleOptions::Take::Last) {
      hold(batch, batch.rows()[at], *group);
      if (held_bytes_ > max_bytes_) {
        release_all(batch);
      }
    }
  }

  // One of the records that a group has had in an interval comes out again; the others do not.
  void hold(RowBatch& batch, Row& row, Sampled& group) {
    const Record record = batch.record(row);
    held_bytes_ -= group.bytes();
    held_ += group.holds ? 0U : 1U;
    row.state = group.holds ? RowState::Filtered : RowState::Aggregated;
    group.holds = true;
    group.kind = record.kind;
    group.time = record.time;
    group.topic = record.topic;
    group.body = record.body;
    held_bytes_ += group.bytes();
  }

  void release(RowBatch& batch, Sampled& group) {
    if (!group.holds) {
      return;
    }
    batch.add({.topic = group.topic,
               .time = group.time,
               .kind = group.kind,
               .body = group.body,
               .error = {}},
              0);
    batch.rows().back().made = true;
    --held_;
    held_bytes_ -= group.bytes();
    group.holds = false;
    state_.touch();
  }

  void release_all(RowBatch& batch) {
    state_.groups().remove_if([&](std::string_view, Sampled& group) {
      const bool held = group.holds;
      release(batch, group);
      return held;
    });
  }

  Grouping by_;
  Timeline::Time every_;
  SampleOptions::Take take_;
  std::size_t max_bytes_;
  GroupState<Sampled> state_;
  WallTime wall_;
  Timestamp interval_;  // that of all records which are held
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
};

}  // namespace

Result<std::unique_ptr<Step>> make_sample(const SampleOptions& options) {
  if (options.every.count() <= 0) {
    return Error{Reaction::Reject, "a sample needs an interval: every"};
  }
  if (options.max_groups == 0) {
    return Error{Reaction::Reject, "max_groups must be 1 or more"};
  }
  return std::unique_ptr<Step>(std::make_unique<Sample>(options));
}

}  // namespace sluice
