#include "transforms/window_step.h"

#include "transforms/event_time.h"
#include "transforms/groups.h"
#include "transforms/window_result.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace sluice {
namespace {

using Groups = GroupState<WindowGroup>;

constexpr std::string_view kKind = "window 1";
constexpr auto kNever = Timeline::Time::max();
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

class Window final : public Step, public Stateful {
 public:
  explicit Window(const WindowOptions& options)
      : options_(options),
        shape_(options),
        by_(options.by),
        time_key_(key_text(options.time_field)),
        state_(std::string(kKind), shape_.bytes(), options.max_groups),
        numbers_(options.fields.size()) {}

  void run(RowBatch& batch, const StepTime& now) override {
    const std::size_t count = batch.size();  // without the results
    now_ = state_.timeline().at(now);
    arrival_ = wall_.at(now_, now.wall);
    put_out_old(batch);
    if (by_event()) {
      // Somebody may have set the wall clock back.
      state_.set_mark(std::min(state_.mark(), now.wall));
    }
    close(batch);
    for (std::size_t i = 0; i < count; ++i) {
      if (batch.rows()[i].live()) {
        take(batch, i, now.wall);
      }
    }
    close(batch);
  }

  [[nodiscard]] std::optional<Instant> due() const override {
    if (old_) {
      return Instant();
    }
    return first_close_ != kNever ? std::optional(state_.timeline().instant(first_close_))
                                  : std::nullopt;
  }

  Stateful* state() override { return this; }
  [[nodiscard]] bool changed() const override { return state_.changed(); }
  std::string save() override { return old_ ? old_->state.save() : state_.save(); }

  Status restore(std::string_view saved) override {
    Result<StateReader> reader = StateReader::open(saved, kKind);
    if (!reader) {
      return reader.error();
    }
    const std::string_view meaning = reader->text();
    if (meaning != shape_.bytes()) {
      return restore_old(saved, meaning);
    }
    if (Status restored = state_.restore(saved); !restored) {
      return restored;
    }
    find_first();
    return {};
  }

 private:
  // Windows from before a restart, of other options.
  struct Old {
    WindowShape shape;
    Groups state;
  };

  [[nodiscard]] bool by_event() const { return !time_key_.empty(); }

  Status restore_old(std::string_view saved, std::string_view meaning) {
    std::optional<WindowShape> shape = WindowShape::of_bytes(meaning);
    if (!shape) {
      return Error{Reaction::Reject, "the state is damaged"};
    }
    auto old = std::make_unique<Old>(
        Old{*std::move(shape), Groups(std::string(kKind), std::string(meaning), 1)});
    if (Status restored = old->state.restore(saved); !restored) {
      return restored;
    }
    old_ = std::move(old);
    return {};
  }

  void put_out_old(RowBatch& batch) {
    put_out_.reset();  // the batch that had its keys is gone
    if (!old_) {
      return;
    }
    put_out_ = std::move(old_);
    put_out_->state.groups().for_each([&](std::string_view key, const WindowGroup& group) {
      put_out_->shape.put_result(key, group, batch);
    });
    state_.touch();
  }

  void take(RowBatch& batch, std::size_t at, Timestamp wall) {
    const Row row = batch.rows()[at];
    const std::optional<Timestamp> time = time_of(batch, row);
    if (!time || !read(batch, row)) {
      return;
    }
    const auto group = by_.key_of(batch, row);
    if (!group) {
      return;
    }
    if (put(batch, row, *time, *group, false)) {
      RowBatch::aggregate(batch.rows()[at]);
    } else if (options_.late == WindowOptions::Late::Emit) {
      put(batch, row, *time, *group, true);
      RowBatch::aggregate(batch.rows()[at]);
    } else if (options_.late == WindowOptions::Late::Drop) {
      RowBatch::filter(batch.rows()[at]);
    } else {
      RowBatch::fail(batch.rows()[at], "window", "late");
    }
    if (by_event() && *time <= wall) {
      state_.set_mark(std::max(state_.mark(), *time));
    }
  }

  [[nodiscard]] std::optional<Timestamp> time_of(RowBatch& batch, const Row& row) const {
    if (!by_event()) {
      return arrival_;
    }
    const RecordField* const field = batch.find(row, time_key_);
    return field != nullptr ? event_time(field->value) : std::nullopt;
  }

  // False: none of the fields is a number.
  bool read(RowBatch& batch, const Row& row) {
    bool any = false;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      const RecordField* const field = batch.find(row, shape_.fields()[i].key);
      const std::optional<double> number =
          field != nullptr ? number_in(field->value) : std::nullopt;
      numbers_[i] = number.value_or(kNone);
      any = any || number;
    }
    return any;
  }

  [[nodiscard]] bool is_late(Timestamp start) const {
    return by_event() && start + shape_.size() + options_.grace <= state_.mark();
  }

  // Into all windows that the time is in: those that are not late; or, with `late`, all. False:
  // there is none.
  bool put(RowBatch& batch, const Row& row, Timestamp time, std::string_view group, bool late) {
    bool any = false;
    for (Timestamp start = interval_start(time, options_.every); start + shape_.size() > time;
         start -= options_.every) {
      if (is_late(start) && !late) {
        // Emit: this record is late for the windows that have passed, and in time for others.
        if (any && options_.late == WindowOptions::Late::Emit) {
          put_into(batch, row, start, time, group, true);
        }
        continue;
      }
      put_into(batch, row, start, time, group, late);
      any = true;
    }
    return any;
  }

  void put_into(RowBatch& batch, const Row& row, Timestamp start, Timestamp time,
                std::string_view group, bool late) {
    put_window_key(start, late, group, key_);
    WindowGroup* window = state_.groups().find(key_);
    if (window == nullptr) {
      window = &state_.groups().add(key_, [&](std::string_view key, const WindowGroup& gone) {
        shape_.put_result(key, gone, batch);
      });
      open(*window, row, start, late);
    }
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (!std::isnan(numbers_[i])) {
        const WindowShape::Field& field = shape_.fields()[i];
        window->fields[i].add(numbers_[i], time, field.stddev, field.quantiles);
      }
    }
    state_.touch();
  }

  void open(WindowGroup& window, const Row& row, Timestamp start, bool late) {
    window.start = start;
    window.late = late;
    window.closes = by_event() ? now_ + shape_.size() + options_.grace
                               : wall_.on_timeline(start + shape_.size());
    window.topic = row.topic;
    window.fields.resize(numbers_.size());
    for (Aggregate& field : window.fields) {
      field.clear();
    }
    first_close_ = std::min(first_close_, window.closes);
    if (!late) {
      first_start_ = std::min(first_start_, start);
    }
  }

  // All windows that have ended, the earliest first.
  void close(RowBatch& batch) {
    if (first_close_ > now_ && !(first_start_ != Timestamp::max() && is_late(first_start_))) {
      return;
    }
    const auto ended = [this](std::string_view, const WindowGroup& group) {
      return group.closes <= now_ || (!group.late && is_late(group.start));
    };
    ended_.clear();
    state_.groups().for_each([&](std::string_view key, const WindowGroup& group) {
      if (ended(key, group)) {
        ended_.emplace_back(key, &group);
      }
    });
    std::ranges::stable_sort(ended_, {}, [](const auto& each) { return each.second->start; });
    for (const auto& [key, group] : ended_) {
      shape_.put_result(key, *group, batch);
      state_.touch();
    }
    state_.groups().remove_if(ended);
    find_first();
  }

  void find_first() {
    first_close_ = kNever;
    first_start_ = Timestamp::max();
    state_.groups().for_each([this](std::string_view, const WindowGroup& group) {
      first_close_ = std::min(first_close_, group.closes);
      if (!group.late) {
        first_start_ = std::min(first_start_, group.start);
      }
    });
  }

  WindowOptions options_;
  WindowShape shape_;
  Grouping by_;
  std::string time_key_;
  Groups state_;  // its mark is the latest time that is not in the future
  WallTime wall_;
  Timeline::Time now_{0};
  Timestamp arrival_;
  Timeline::Time first_close_ = kNever;       // of all groups
  Timestamp first_start_ = Timestamp::max();  // of those that are not late
  std::unique_ptr<Old> old_;                  // still to be put out
  std::unique_ptr<Old> put_out_;              // the batch has views of it
  std::vector<double> numbers_;               // of the record at hand
  std::string key_;
  std::vector<std::pair<std::string_view, const WindowGroup*>> ended_;
};

}  // namespace

Result<std::unique_ptr<Step>> make_window(const WindowOptions& options) {
  const auto size = options.size.count() > 0 ? options.size : options.every;
  if (options.every.count() <= 0 || size < options.every || size > options.every * kMostWindows) {
    return Error{Reaction::Reject, "a window needs `every`, and a size of 1 to " +
                                       std::to_string(kMostWindows) + " times that"};
  }
  if (options.grace.count() < 0 || options.max_groups == 0) {
    return Error{Reaction::Reject, "grace must not be negative, and max_groups must be 1 or more"};
  }
  if (options.fields.empty() || std::ranges::any_of(options.fields, [](const auto& each) {
        return each.functions.empty();
      })) {
    return Error{Reaction::Reject, "a window needs fields, and each of them a function"};
  }
  std::vector<std::string> keys = WindowShape(options).output_keys();
  std::ranges::sort(keys);
  if (const auto twice = std::ranges::adjacent_find(keys); twice != keys.end()) {
    return Error{Reaction::Reject, "two fields of a window would have the name " + *twice};
  }
  return std::unique_ptr<Step>(std::make_unique<Window>(options));
}

}  // namespace sluice
