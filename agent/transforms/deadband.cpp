#include "transforms/groups.h"
#include "transforms/thinning_steps.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

// Of the record that passed last.
struct Passed {
  Timeline::Time at{0};
  std::vector<double> values;  // one for each field

  void save(StateWriter& writer) const {
    writer.time(at);
    writer.number(values.size());
    for (const double value : values) {
      writer.real(value);
    }
  }
  void restore(StateReader& reader) {
    at = reader.time();
    for (std::uint64_t left = reader.number(); left > 0 && reader.good(); --left) {
      values.push_back(reader.real());
    }
  }
};

class Deadband final : public Step {
 public:
  explicit Deadband(const DeadbandOptions& options)
      : keys_(key_texts(options.fields)),
        by_(options.by),
        change_(options.percent ? options.change / 100 : options.change),
        percent_(options.percent),
        max_silence_(options.max_silence),
        state_("deadband 1", joined(keys_) + '\0' + joined(options.by), options.max_groups),
        values_(options.fields.size()) {}

  void run(RowBatch& batch, const StepTime& now) override {
    const Timeline::Time time = state_.timeline().at(now);
    batch.for_each_live([&](Row& row) {
      if (!passes(batch, row, time)) {
        RowBatch::filter(row);
      }
    });
  }

  Stateful* state() override { return &state_; }

 private:
  bool passes(RowBatch& batch, const Row& row, Timeline::Time now) {
    if (!read(batch, row)) {
      return true;
    }
    const auto key = by_.key_of(batch, row);
    if (!key) {
      return true;
    }
    Passed* last = state_.groups().find(*key);
    if (last == nullptr) {
      last = &state_.groups().add(*key, [](std::string_view, const Passed&) {});
      last->values.assign(values_.size(), kUnknown);
    } else if (!moved(*last) && !silent(*last, now)) {
      return false;
    }
    last->at = now;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!std::isnan(values_[i])) {
        last->values[i] = values_[i];
      }
    }
    state_.touch();
    return true;
  }

  // False: none of the fields is a number.
  bool read(RowBatch& batch, const Row& row) {
    bool any = false;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const RecordField* const field = batch.find(row, keys_[i]);
      values_[i] = field != nullptr ? number_in(field->value).value_or(kUnknown) : kUnknown;
      any = any || !std::isnan(values_[i]);
    }
    return any;
  }

  [[nodiscard]] bool moved(const Passed& last) const {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!std::isnan(values_[i]) && differs(values_[i], last.values[i])) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool differs(double value, double last) const {
    // 21.4 - 21.3 is a little less than 0.1, but not to whoever has written the configuration.
    constexpr double kRoundingError = 1 + 1e-9;
    const double least = percent_ ? change_ * std::abs(last) : change_;
    return std::isnan(last) || (value != last && std::abs(value - last) * kRoundingError >= least);
  }

  [[nodiscard]] bool silent(const Passed& last, Timeline::Time now) const {
    return max_silence_.count() > 0 && now - last.at >= max_silence_;
  }

  std::vector<std::string> keys_;
  Grouping by_;
  double change_;
  bool percent_;
  Timeline::Time max_silence_;
  GroupState<Passed> state_;
  std::vector<double> values_;  // of the record at hand
};

}  // namespace

Result<std::unique_ptr<Step>> make_deadband(const DeadbandOptions& options) {
  if (options.fields.empty()) {
    return Error{Reaction::Reject, "deadband needs a field"};
  }
  if (!std::isfinite(options.change) || options.change < 0) {
    return Error{Reaction::Reject, "the change of a deadband must be 0 or more"};
  }
  if (options.max_groups == 0) {
    return Error{Reaction::Reject, "max_groups must be 1 or more"};
  }
  return std::unique_ptr<Step>(std::make_unique<Deadband>(options));
}

}  // namespace sluice
