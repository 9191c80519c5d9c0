// The steps that a flow may have. To add one: its options here, its making in steps.cpp.
#include "config/fields.h"
#include "config/rules.h"
#include "transforms/aggregate.h"

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

constexpr std::int64_t kMostGroups = 1'000'000;

Field by_field(std::vector<std::string>& target) {
  return text_list("by", target,
                   "Groups are records with the same values in these fields; default: "
                   "records of the same topic.");
}

Field silence_field(std::chrono::milliseconds& target) {
  return duration("max_silence", target, std::chrono::seconds(1), std::chrono::hours(24 * 365),
                  "After so long the next record of a group passes anyway.")
      .or_off();
}

Field groups_field(std::size_t& target) {
  return integer("max_groups", target, {1, kMostGroups},
                 "Groups that are remembered; the one seen longest ago makes room.");
}

template <class D>
Field interval(std::string name, D& target, std::string help) {
  Field field = duration(std::move(name), target, std::chrono::milliseconds(10),
                         std::chrono::hours(24 * 365), std::move(help));
  field.default_value.clear();
  return field;
}

Field sql_field(StepConfig& step) {
  return section(
      "sql",
      {text("query", step.sql.query, "A SELECT from `records`; its columns are the fields.")
           .of_lines()
           .require(),
       interval("every", step.sql.every,
                "Runs over all records of each interval; default: over each batch as it comes."),
       integer("max_rows", step.sql.max_rows, {1, 1'000'000},
               "Records of an interval, or of a result, at most."),
       duration("timeout", step.sql.timeout, std::chrono::milliseconds(1), std::chrono::minutes(1),
                "CPU time at which a run is ended.")},
      "Makes new records of many, in SQL.");
}

Field deadband_field(StepConfig& step) {
  DeadbandOptions& options = step.deadband;
  return section(
      "deadband",
      {names_of_fields("fields", options.fields, "Numbers that are looked at."),
       by_field(options.by), number("change", options.change, "How much is a change."),
       boolean("percent", options.percent,
               "Whether `change` is so many percent of the last value."),
       silence_field(options.max_silence), groups_field(options.max_groups)},
      "Lets a record pass only if a number has changed enough since the last that passed.");
}

Field dedupe_field(StepConfig& step) {
  DedupeOptions& options = step.dedupe;
  return section(
      "dedupe",
      {by_field(options.by),
       text_list("ignore", options.ignore, "Fields that may differ, as times and counters."),
       silence_field(options.max_silence), groups_field(options.max_groups)},
      "Filters a record that says the same as the last one of its group.");
}

Field sample_field(StepConfig& step) {
  SampleOptions& options = step.sample;
  return section(
      "sample",
      {by_field(options.by),
       interval("every", options.every, "One record of a group for each interval.").require(),
       choice<SampleOptions::Take>(
           "take", options.take,
           {{"first", SampleOptions::Take::First}, {"last", SampleOptions::Take::Last}},
           "Which one; the last comes out when the interval is over."),
       groups_field(options.max_groups)},
      "Thins out records.");
}

Field throttle_field(StepConfig& step) {
  ThrottleOptions& options = step.throttle;
  Field most = integer("most", options.most, {1, 1'000'000'000}, "Records of a group that pass…");
  most.default_value.clear();
  return section("throttle",
                 {std::move(most).require(),
                  duration("per", options.per, std::chrono::milliseconds(10),
                           std::chrono::hours(24 * 365), "… in so long; the rest is filtered."),
                  by_field(options.by), groups_field(options.max_groups)},
                 "Bounds how many records pass.");
}

Status check_function(const std::string& text) {
  return aggregation(text)
             ? Status()
             : Status(Error{Reaction::Reject,
                            "is no function: write min, max, avg, sum, count, first, last, stddev, "
                            "p50 or p95"});
}

Field window_field(StepConfig& step) {
  WindowOptions& options = step.window;
  const auto entry = [&options](const std::string& name) {
    options.fields.push_back({name, {}});
    Field functions;
    functions.kind = FieldKind::TextList;
    functions.help = "Functions: min, max, avg, sum, count, first, last, stddev, p50, p95.";
    functions.required = true;
    functions.check = check_function;
    functions.store = [&options, at = options.fields.size() - 1](const FieldValue& value) {
      for (const std::string& word : std::get<std::vector<std::string>>(value)) {
        options.fields.at(at).functions.push_back(*aggregation(word));
      }
    };
    return std::vector<Field>{std::move(functions)};
  };
  return section(
      "window",
      {interval("every", options.every, "A window begins so often.").require(),
       interval("size", options.size,
                "How long it is; with more than `every` they overlap; default: `every`."),
       by_field(options.by),
       named("fields", entry, "What is worked out of which field: {temperature: [min, max, avg]}.")
           .named_by(check_not_empty)
           .require(),
       text("time_field", options.time_field,
            "Field with the time that counts; default: the time of arrival."),
       duration("grace", options.grace, std::chrono::milliseconds(0), std::chrono::hours(24 * 30),
                "How long a window by `time_field` waits for records that come late."),
       choice<WindowOptions::Late>("late", options.late,
                                   {{"emit", WindowOptions::Late::Emit},
                                    {"drop", WindowOptions::Late::Drop},
                                    {"dead_letter", WindowOptions::Late::DeadLetter}},
                                   "What becomes of one that comes later still."),
       groups_field(options.max_groups)},
      "Makes one record of all of an interval.");
}

Status check_text_type(const std::string& /*name*/, const std::string& text) {
  return text_type(text) ? Status()
                         : Status(Error{Reaction::Reject, "the type is text, int, real or bool"});
}

Field parse_field(StepConfig& step) {
  ParseOptions& options = step.parse;
  Field types;
  types.kind = FieldKind::TextMap;
  types.name = "types";
  types.help = "Types of groups that are no texts: {status: int}; int, real, bool.";
  types.check_pair = check_text_type;
  types.exact_names = true;
  types.store = [&options](const FieldValue& value) {
    for (const auto& [group, word] : std::get<Pairs>(value)) {
      if (const auto type = text_type(word)) {
        options.types.emplace_back(group, *type);
      }
    }
  };
  return section("parse",
                 {text("pattern", options.pattern,
                       "Regular expression (PCRE2); its named groups become fields.")
                      .require(),
                  text("field", options.field, "Where the text is."), std::move(types),
                  boolean("keep", options.keep, "Whether the text stays as well.")},
                 "Makes fields of a text.");
}

Field redact_field(StepConfig& step) {
  RedactOptions& options = step.redact;
  return section(
      "redact",
      {text_list("fields", options.fields, "Fields that are looked at; default: all."),
       choice<RedactOptions::Find>("find", options.find,
                                   {{"all", RedactOptions::Find::All},
                                    {"email", RedactOptions::Find::Email},
                                    {"ipv4", RedactOptions::Find::Ipv4},
                                    {"mac", RedactOptions::Find::Mac},
                                    {"pattern", RedactOptions::Find::Pattern}},
                                   "What is taken out of them."),
       text("pattern", options.pattern, "With `find: pattern`: the regular expression."),
       choice<RedactOptions::With>("with", options.with,
                                   {{"mask", RedactOptions::With::Mask},
                                    {"hmac", RedactOptions::With::Hmac},
                                    {"remove", RedactOptions::With::Remove}},
                                   "What takes its place; with hmac equal texts stay equal."),
       secret("key", options.key, "With `with: hmac`: the key.")},
      "Takes out what must not leave the device.");
}

std::vector<Field> rule_fields(StepConfig& step, const std::string& name) {
  FieldRule& rule = step.rules.emplace_back();
  rule.field = name;
  const auto bound = [](std::string key, std::optional<double>& target, std::string help) {
    Field field;
    field.kind = FieldKind::Number;
    field.name = std::move(key);
    field.help = std::move(help);
    field.store = [&target](const FieldValue& value) { target = std::get<double>(value); };
    return field;
  };
  Field type = choice_field("type", 6, {"text", "number", "integer", "bool", "object", "array"},
                            "What kind of value it must be.");
  type.store = [&rule, words = type.words](const FieldValue& value) {
    rule.type = json_type(words.at(static_cast<std::size_t>(std::get<std::int64_t>(value))));
  };
  return {boolean("required", rule.required, "Whether it must be there."),
          std::move(type),
          bound("min", rule.min, "The least number."),
          bound("max", rule.max, "The greatest number."),
          text_list("enum", rule.one_of, "All values there are."),
          text("pattern", rule.pattern, "Regular expression that must be found in it."),
          text("unit", rule.unit, "What the field with the unit must say."),
          text("unit_field", rule.unit_field, "The field with the unit.")};
}

Field validate_field(StepConfig& step) {
  ValidateOptions& options = step.validate;
  const auto entry = [&step](const std::string& name) { return rule_fields(step, name); };
  return section(
      "validate",
      {named("fields", entry, "What each field must be.").named_by(check_not_empty).require(),
       choice<ValidateOptions::OnFail>("on_fail", options.on_fail,
                                       {{"dead_letter", ValidateOptions::OnFail::DeadLetter},
                                        {"tag", ValidateOptions::OnFail::Tag},
                                        {"drop", ValidateOptions::OnFail::Drop}},
                                       "What becomes of a record that is not: an error, as "
                                       "`on_error` of the flow says; a field with what is "
                                       "wrong; or it is filtered."),
       text("tag", options.tag, "The field for `on_fail: tag`.")},
      "Looks whether records are as they should be.");
}

Field set_field(StepConfig& step) {
  Field field =
      text_map("set", step.pairs, any_text,
               "New values of fields, as SQL expressions: {temp_f: \"temperature * 1.8 + 32\"}.");
  field.exact_names = true;
  return field;
}

Field stamp_field(StepConfig& step) {
  Field facts = text_map("facts", step.stamp.facts, any_text,
                         "Names and texts: {site: plant-7, line: \"3\"}.");
  facts.exact_names = true;
  facts.required = true;
  return section("stamp",
                 {text("field", step.stamp.field, "The field that holds them."), std::move(facts)},
                 "Adds a field that tells where a record comes from.");
}

}  // namespace

std::vector<Field> step_fields(StepConfig& step) {
  const auto scale = [&step](const std::string& name) { return scaling_fields(step, name); };
  const auto map = [&step](const std::string& name) { return mapping_fields(step, name); };
  std::vector<Field> kinds{
      text("filter", step.text,
           "Only records for which this SQL expression is true go on: \"temperature > 30\".")
          .of_lines()
          .checked(check_not_empty),
      set_field(step),
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
      deadband_field(step),
      dedupe_field(step),
      sample_field(step),
      throttle_field(step),
      window_field(step),
      sql_field(step),
      parse_field(step),
      redact_field(step),
      validate_field(step),
      text("split", step.text, "Makes a record of each item or member of what is in this field.")
          .checked(check_not_empty),
      stamp_field(step),
  };
  for (Field& kind : kinds) {
    kind.chosen = [&step, name = kind.name] { step.kind = name; };
  }
  return kinds;
}

}  // namespace sluice::configuration
