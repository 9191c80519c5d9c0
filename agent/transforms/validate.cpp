#include "core/json_text.h"
#include "transforms/record_steps.h"
#include "transforms/regex.h"
#include "transforms/values.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sluice {
namespace {

using OnFail = ValidateOptions::OnFail;

constexpr std::array<std::string_view, 6> kTypes = {"text", "number", "integer",
                                                    "bool", "object", "array"};  // as the enum

bool is_of(std::string_view json, JsonType type) {
  switch (type) {
    case JsonType::Text:
      return is_string(json);
    case JsonType::Number:
      return number_in(json).has_value();
    case JsonType::Integer:
      return number_in(json) && json.find_first_of(".eE") == std::string_view::npos;
    case JsonType::Bool:
      return json == "true" || json == "false";
    case JsonType::Object:
      return json.starts_with('{');
    case JsonType::Array:
      return json.starts_with('[');
  }
  return false;
}

// One rule, ready to be used.
class Check {
 public:
  static Result<Check> make(const FieldRule& rule) {
    Check check(rule);
    if (!rule.pattern.empty()) {
      Result<Regex> regex = Regex::compile(rule.pattern);
      if (!regex) {
        return Error{Reaction::Reject, rule.field + ": " + regex.error().message};
      }
      check.regex_ = *std::move(regex);
    }
    return check;
  }

  // What is wrong, or nothing. Lives as long as this.
  std::string_view violation(RowBatch& batch, const Row& row) {
    const RecordField* const field = batch.find(row, key_);
    if (field == nullptr || is_null(field->value)) {
      return rule_.required ? std::string_view(missing_) : std::string_view();
    }
    const std::string_view value = field->value;
    if (rule_.type && !is_of(value, *rule_.type)) return type_;
    if (!in_range(value)) return range_;
    if (!values_.empty() && std::ranges::find(values_, bare(value)) == values_.end()) return enum_;
    if (!matches(value)) return pattern_;
    if (!has_unit(batch, row)) return unit_;
    return {};
  }

 private:
  explicit Check(const FieldRule& rule)
      : rule_(rule),
        key_(key_text(rule.field)),
        unit_key_(key_text(rule.unit_field)),
        unit_text_(key_text(rule.unit)),
        values_(key_texts(rule.one_of)),
        missing_("missing:" + rule.field),
        type_("type:" + rule.field),
        range_("range:" + rule.field),
        enum_("enum:" + rule.field),
        pattern_("pattern:" + rule.field),
        unit_("unit:" + rule.field) {}

  [[nodiscard]] bool in_range(std::string_view value) const {
    if (!rule_.min && !rule_.max) {
      return true;
    }
    const std::optional<double> number = number_in(value);
    return number && (!rule_.min || *number >= *rule_.min) && (!rule_.max || *number <= *rule_.max);
  }

  bool matches(std::string_view value) {
    if (!regex_) {
      return true;
    }
    const auto text = text_in(value, unescaped_);
    return regex_->find(text ? *text : value) == Regex::Outcome::Match;
  }

  [[nodiscard]] bool has_unit(RowBatch& batch, const Row& row) const {
    if (unit_text_.empty()) {
      return true;
    }
    const RecordField* const unit = batch.find(row, unit_key_);
    return unit != nullptr && bare(unit->value) == unit_text_;
  }

  FieldRule rule_;
  std::string key_;
  std::string unit_key_;
  std::string unit_text_;
  std::vector<std::string> values_;
  std::optional<Regex> regex_;
  std::string missing_;
  std::string type_;
  std::string range_;
  std::string enum_;
  std::string pattern_;
  std::string unit_;
  std::string unescaped_;
};

class Validate final : public Step {
 public:
  Validate(const ValidateOptions& options, std::vector<Check> checks)
      : on_fail_(options.on_fail), tag_(key_text(options.tag)), checks_(std::move(checks)) {}

  void run(RowBatch& batch, const StepTime& /*now*/) override {
    batch.for_each_live([&](Row& row) {
      if (on_fail_ == OnFail::Tag) {
        tag(batch, row);
        return;
      }
      for (Check& check : checks_) {
        const std::string_view violation = check.violation(batch, row);
        if (violation.empty()) {
          continue;
        }
        if (on_fail_ == OnFail::Drop) {
          RowBatch::filter(row);
        } else {
          RowBatch::fail(row, "validate", violation);
        }
        return;
      }
    });
  }

 private:
  void tag(RowBatch& batch, Row& row) {
    violations_.clear();
    for (Check& check : checks_) {
      const std::string_view violation = check.violation(batch, row);
      if (!violation.empty()) {
        violations_ += violations_.empty() ? "[\"" : ",\"";
        append_escaped(violation, violations_);
        violations_ += '"';
      }
    }
    if (!violations_.empty()) {
      violations_ += ']';
      batch.set(row, tag_, batch.arena().put(violations_));
    }
  }

  OnFail on_fail_;
  std::string tag_;
  std::vector<Check> checks_;
  std::string violations_;
};

}  // namespace

std::optional<JsonType> json_type(std::string_view name) {
  const auto found = std::ranges::find(kTypes, name);
  return found != kTypes.end() ? std::optional(static_cast<JsonType>(found - kTypes.begin()))
                               : std::nullopt;
}

Result<std::unique_ptr<Step>> make_validate(const ValidateOptions& options) {
  if (options.fields.empty()) {
    return Error{Reaction::Reject, "validate needs a rule for a field"};
  }
  std::vector<Check> checks;
  for (const FieldRule& rule : options.fields) {
    Result<Check> check = Check::make(rule);
    if (!check) {
      return check.error();
    }
    checks.push_back(*std::move(check));
  }
  return std::unique_ptr<Step>(std::make_unique<Validate>(options, std::move(checks)));
}

}  // namespace sluice
