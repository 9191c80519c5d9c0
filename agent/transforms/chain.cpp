#include "transforms/chain.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice {
namespace {

// Enough to share the fixed costs of a run, little enough that memory stays small.
constexpr std::size_t kMostRows = 512;
constexpr std::size_t kMostBytes = 128UL * 1024;

// The states of several steps as one: for each "<name> <size>\n" and its bytes. A step is known by
// its name and how many of that name stand before it, so that steps of other names may come and go.
class ChainState final : public Stateful {
 public:
  void add(const std::string& name, Stateful& state) {
    const auto same = std::ranges::count(parts_, name, &Part::kind);
    parts_.push_back({name, name + '/' + std::to_string(same), &state});
  }

  [[nodiscard]] bool empty() const { return parts_.empty(); }

  [[nodiscard]] bool changed() const override {
    return std::ranges::any_of(parts_, [](const Part& part) { return part.state->changed(); });
  }

  std::string save() override {
    std::string saved;
    for (const Part& part : parts_) {
      const std::string bytes = part.state->save();
      if (!bytes.empty()) {
        saved += part.name + ' ' + std::to_string(bytes.size()) + '\n';
        saved += bytes;
      }
    }
    return saved;
  }

  // What belongs to a step that is not there any more is left behind. Steps are told one after the
  // other, so an error leaves those before it restored.
  Status restore(std::string_view saved) override {
    while (!saved.empty()) {
      const std::size_t line = saved.find('\n');
      const std::size_t space = saved.substr(0, line).rfind(' ');
      std::size_t size = 0;
      if (line == std::string_view::npos || space == std::string_view::npos ||
          std::from_chars(saved.data() + space + 1, saved.data() + line, size).ec != std::errc() ||
          size > saved.size() - line - 1) {
        return Error{Reaction::Reject, "the state of the transforms is damaged"};
      }
      const auto part = std::ranges::find(parts_, saved.substr(0, space), &Part::name);
      if (part != parts_.end()) {
        if (Status restored = part->state->restore(saved.substr(line + 1, size)); !restored) {
          return Error{restored.error().reaction, part->name + ": " + restored.error().message};
        }
      }
      saved.remove_prefix(line + 1 + size);
    }
    return {};
  }

 private:
  struct Part {
    std::string kind;
    std::string name;
    Stateful* state;
  };
  std::vector<Part> parts_;
};

class Chain final : public Transforms {
 public:
  Chain(std::vector<NamedStep> steps, const Clock& clock)
      : steps_(std::move(steps)), clock_(clock) {
    for (const NamedStep& each : steps_) {
      if (Stateful* const state = each.step->state()) {
        state_.add(each.name, *state);
      }
    }
  }

  void add(const Record& record, std::uint32_t origin) override { batch_.add(record, origin); }
  [[nodiscard]] bool empty() const override { return batch_.size() == 0; }
  [[nodiscard]] bool full() const override {
    return batch_.size() >= kMostRows || batch_.bytes() >= kMostBytes;
  }

  void run(TransformOutput& output) override {
    const StepTime now{clock_.now(), clock_.elapsed()};
    for (const NamedStep& each : steps_) {
      each.step->run(batch_, now);
    }
    std::uint64_t filtered = 0;
    std::uint64_t aggregated = 0;
    std::uint64_t made = 0;
    for (const Row& row : batch_.rows()) {
      made += row.made ? 1U : 0U;
      if (row.state == RowState::Filtered) {
        ++filtered;
      } else if (row.state == RowState::Aggregated) {
        ++aggregated;
      } else {
        output.pass(batch_.record(row), row.made ? TransformOutput::kMade : row.origin);
      }
    }
    batch_.clear();
    count(output, filtered, aggregated, made);
  }

  [[nodiscard]] std::optional<Instant> due() const override {
    std::optional<Instant> first;
    for (const NamedStep& each : steps_) {
      const std::optional<Instant> due = each.step->due();
      if (due && (!first || *due < *first)) {
        first = due;
      }
    }
    return first;
  }

  Stateful* state() override { return state_.empty() ? nullptr : &state_; }

 private:
  static void count(TransformOutput& output, std::uint64_t filtered, std::uint64_t aggregated,
                    std::uint64_t made) {
    if (filtered > 0) output.count(Fate::Filtered, filtered);
    if (aggregated > 0) output.count(Fate::Aggregated, aggregated);
    if (made > 0) output.count_made(made);
  }

  std::vector<NamedStep> steps_;
  const Clock& clock_;
  ChainState state_;
  RowBatch batch_;
};

}  // namespace

std::unique_ptr<Transforms> make_chain(std::vector<NamedStep> steps, const Clock& clock) {
  return std::make_unique<Chain>(std::move(steps), clock);
}

}  // namespace sluice
