#include "transforms/groups.h"
#include "transforms/thinning_steps.h"

// XXH_INLINE_ALL gets the best code without linking the library.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace sluice {
namespace {

// Of the record that passed last. 128 bits: two records that differ have the same hash never in
// practice, and to take one for the other would lose it.
struct Said {
  Timeline::Time at{0};
  std::uint64_t low = 0;
  std::uint64_t high = 0;

  void save(StateWriter& writer) const {
    writer.time(at);
    writer.number(low);
    writer.number(high);
  }
  void restore(StateReader& reader) {
    at = reader.time();
    low = reader.number();
    high = reader.number();
  }
};

class Dedupe final : public Step {
 public:
  explicit Dedupe(const DedupeOptions& options)
      : by_(options.by),
        ignore_(key_texts(options.ignore)),
        max_silence_(options.max_silence),
        state_("dedupe 1", joined(options.by) + '\0' + joined(options.ignore), options.max_groups) {
  }

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
    const auto key = by_.key_of(batch, row);
    if (!key) {
      return true;
    }
    const XXH128_hash_t hash = hash_of(batch, row);
    Said* last = state_.groups().find(*key);
    if (last == nullptr) {
      last = &state_.groups().add(*key, [](std::string_view, const Said&) {});
    } else if (last->low == hash.low64 && last->high == hash.high64 && !silent(*last, now)) {
      return false;
    }
    *last = {now, hash.low64, hash.high64};
    state_.touch();
    return true;
  }

  XXH128_hash_t hash_of(RowBatch& batch, const Row& row) {
    text_.clear();
    for (const RecordField& field : batch.fields(row)) {
      if (std::ranges::find(ignore_, field.key) == ignore_.end()) {
        text_ += field.key;
        text_ += '\0';  // not part of any JSON text
        text_ += field.value;
        text_ += '\0';
      }
    }
    return XXH3_128bits(text_.data(), text_.size());
  }

  [[nodiscard]] bool silent(const Said& last, Timeline::Time now) const {
    return max_silence_.count() > 0 && now - last.at >= max_silence_;
  }

  Grouping by_;
  std::vector<std::string> ignore_;
  Timeline::Time max_silence_;
  GroupState<Said> state_;
  std::string text_;
};

}  // namespace

Result<std::unique_ptr<Step>> make_dedupe(const DedupeOptions& options) {
  if (options.max_groups == 0) {
    return Error{Reaction::Reject, "max_groups must be 1 or more"};
  }
  return std::unique_ptr<Step>(std::make_unique<Dedupe>(options));
}

}  // namespace sluice
