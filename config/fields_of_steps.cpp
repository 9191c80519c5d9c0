// The steps that a flow may have. To add one: its options here, its making in steps.cpp.
#include "config/fields.h"
#include "config/rules.h"

#include <utility>

namespace sluice::configuration {

namespace {

Status any_text(const std::string& /*name*/, const std::string& /*text*/) {
  return {};
}

Status check_new_name(const std::string& /*name*/, const std::string& text) {
  return text.empty() ? Status(Error{Reaction::Reject, "the new name must not be empty"})
                      : Status();
}

Field names_of_fields(std::string name, std::vector<std::string>& target, std::string help) {
  Field field = text_list(std::move(name), target, std::move(help));
  field.required = true;
  return field;
}

Field rename_field(StepConfig& step) {
  Field field =
      text_map("rename", step.pairs, check_new_name,
               "Other names for fields: {old: new}. One that has the new name is replaced.");
  field.exact_names = true;
  return field;
}

Field flatten_field(StepConfig& step) {
  return section("flatten",
                 {text("separator", step.flatten.separator, "Between the names."),
                  integer("depth", step.flatten.depth, {1, 64}, "Levels that are lifted at most.")},
                 "Makes members of members fields: {a: {b: 1}} becomes {a_b: 1}.");
}

std::vector<Field> scaling_fields(StepConfig& step, const std::string& name) {
  Scaling& scaling = step.scale.emplace_back();
  scaling.field = name;
  Field round =
      integer_field("round", 0, {0, 15}, "Digits behind the point; default: all there are.");
  round.default_value.clear();
  round.store = [&scaling](const FieldValue& value) {
    scaling.round = static_cast<int>(std::get<std::int64_t>(value));
  };
  return {number("factor", scaling.factor, "Multiplies the value."),
          number("offset", scaling.offset, "Is added after that."), std::move(round)};
}

std::vector<Field> mapping_fields(StepConfig& step, const std::string& name) {
  Mapping& mapping = step.map.emplace_back();
  mapping.field = name;
  Field values;
  values.kind = FieldKind::TextMap;
  values.help =
      "New values by old ones; `default` is for all others, `keep` leaves those as they are.";
  values.check_pair = any_text;
  values.exact_names = true;
  values.store = [&mapping](const FieldValue& value) {
    for (const auto& [from, to] : std::get<Pairs>(value)) {
      if (from != "default") {
        mapping.values.emplace_back(from, to);
      } else if (to != "keep") {
        mapping.otherwise = to;
      }
    }
  };
  return {std::move(values)};
}

}  // namespace

std::vector<Field> step_fields(StepConfig& step) {
  const auto scale = [&step](const std::string& name) { return scaling_fields(step, name); };
  const auto map = [&step](const std::string& name) { return mapping_fields(step, name); };
  std::vector<Field> kinds{
      names_of_fields("drop", step.names, "Removes these fields."),
      names_of_fields("keep", step.names, "Keeps only these fields."),
      rename_field(step),
      flatten_field(step),
      text("topic_tags", step.text,
           "Makes fields of the levels of the topic: \"sensors/{device}/{_}\"; `{_}` or `+` is any "
           "level, a last `#` any rest.")
          .checked(check_not_empty),
      named("scale", scale, "Changes numbers: value * factor + offset, by the name of the field.")
          .named_by(check_not_empty),
      named("map", map,
            "Replaces values, by the name of the field: {status: {0: stopped, 1: running}}.")
          .named_by(check_not_empty),
  };
  for (Field& kind : kinds) {
    kind.chosen = [&step, name = kind.name] { step.kind = name; };
  }
  return kinds;
}

}  // namespace sluice::configuration
