#include "transforms/groups.h"
#include "transforms/thinning_steps.h"

namespace sluice {
namespace {

struct Spent {
  Timeline::Time since{0};
  std::uint64_t count = 0;

  void save(StateWriter& writer) const {
    writer.time(since);
    writer.number(count);
  }
  void restore(StateReader& reader) {
    since = reader.time();
    count = reader.number();
  }
};

class Throttle final : public Step {
 public:
  explicit Throttle(const ThrottleOptions& options)
      : by_(options.by),
        most_(options.most),
        per_(options.per),
        state_("throttle 1", joined(options.by), options.max_groups) {}

  void run(RowBatch& batch, const StepTime& now) override {
    const Timeline::Time time = state_.timeline().at(now);
    batch.for_each_live([&](Row& row) {
      const auto key = by_.key_of(batch, row);
      if (key && !passes(*key, time)) {
        RowBatch::filter(row);
      }
    });
  }

  Stateful* state() override { return &state_; }

 private:
  bool passes(std::string_view key, Timeline::Time now) {
    Spent* spent = state_.groups().find(key);
    if (spent == nullptr) {
      spent = &state_.groups().add(key, [](std::string_view, const Spent&) {});
      *spent = {now, 0};
    } else if (now - spent->since >= per_) {
      *spent = {now, 0};
    }
    if (spent->count >= most_) {
      return false;
    }
    ++spent->count;
    state_.touch();
    return true;
  }

  Grouping by_;
  std::uint64_t most_;
  Timeline::Time per_;
  GroupState<Spent> state_;
};

}  // namespace

Result<std::unique_ptr<Step>> make_throttle(const ThrottleOptions& options) {
  if (options.most == 0 || options.per.count() <= 0) {
    return Error{Reaction::Reject, "a throttle lets at least one record pass in more than no time"};
  }
  if (options.max_groups == 0) {
    return Error{Reaction::Reject, "max_groups must be 1 or more"};
  }
  return std::unique_ptr<Step>(std::make_unique<Throttle>(options));
}

}  // namespace sluice
