#include "config/fields.h"
#include "config/rules.h"
#include "config/scalars.h"

namespace sluice::configuration {

namespace {

Status check_after(const std::string& text) {
  if (!text.starts_with('+')) {
    return Error{Reaction::Reject, "does not say how much time passes: write +10s"};
  }
  const auto duration = parse_duration(std::string_view(text).substr(1));
  return duration ? Status() : duration.error();
}

std::vector<Field> input_fields(FlowTestInput& input) {
  Field at;
  at.kind = FieldKind::Text;
  at.name = "at";
  at.help = "How long after the input before, or the beginning: +10s.";
  at.check = check_after;
  at.store = [&input](const FieldValue& value) {
    input.after = *parse_duration(std::string_view(std::get<std::string>(value)).substr(1));
  };
  return {
      text("topic", input.topic, "Where the message arrives; without one only time passes."),
      payload("payload", input.payload, "What it holds: a text, or a section or list as JSON."),
      std::move(at),
      boolean("retained", input.retained, "Whether the broker had kept it."),
  };
}

}  // namespace

std::vector<Field> test_fields(FlowTest& test) {
  return {
      text("name", test.name, "What the flow should do, as a sentence.")
          .checked(check_not_empty)
          .require(),
      text("flow", test.flow, "Name of the flow.").require(),
      items(
          "input", [&test] { return input_fields(test.inputs.emplace_back()); },
          "Messages, in order.")
          .require(),
      data(
          "expect", test.expect,
          "The records that come out, in order; of each, only the fields named here are compared."),
      data("dead", test.dead, "The dead letters that come out, likewise: {topic, reason}."),
      boolean("exact", test.exact,
              "Whether the records must have no other fields than those of `expect`, but for `seq` "
              "and `ts`."),
  };
}

}  // namespace sluice::configuration
