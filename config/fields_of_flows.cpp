#include "config/fields.h"
#include "config/topic_filter.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace sluice::configuration {

namespace {

const std::vector<std::pair<std::string, SqlType>>& sql_types() {
  static const std::vector<std::pair<std::string, SqlType>> types{{"int", SqlType::Int},
                                                                  {"real", SqlType::Real},
                                                                  {"text", SqlType::Text},
                                                                  {"bool", SqlType::Bool},
                                                                  {"json", SqlType::Json}};
  return types;
}

Status check_type(const std::string& /*name*/, const std::string& text) {
  const bool known =
      std::ranges::find(sql_types(), text, &std::pair<std::string, SqlType>::first) !=
      sql_types().end();
  return known ? Status()
               : Status(Error{Reaction::Reject, "the type is int, real, text, bool or json"});
}

Field types_field(FlowConfig& flow) {
  Field field;
  field.kind = FieldKind::TextMap;
  field.name = "types";
  field.help =
      "Types of fields in SQL: {temperature: real, door: bool}; int, real, text, bool, json.";
  field.check_pair = check_type;
  field.exact_names = true;
  field.store = [&flow](const FieldValue& value) {
    for (const auto& [name, word] : std::get<Pairs>(value)) {
      const auto found =
          std::ranges::find(sql_types(), word, &std::pair<std::string, SqlType>::first);
      if (found != sql_types().end()) {
        flow.types.emplace(name, found->second);
      }
    }
  };
  return field;
}

}  // namespace

std::vector<Field> flow_fields(FlowConfig& flow) {
  constexpr std::int64_t kMiB = 1024LL * 1024;
  constexpr std::int64_t kTiB = kMiB * 1024 * 1024;
  std::vector<Field> fields = {
      text_list("from", flow.from, "Names of the sources.").require(),
      text_list("topics", flow.topics, "Topic filters; default: everything the sources bring.")
          .checked(check_filter),
      choice<LineShape>("shape", flow.shape,
                        {{"envelope", LineShape::Envelope}, {"flat", LineShape::Flat}},
                        "Whether a record holds the payload, or the payload's fields."),
      types_field(flow),
      choice<OnError>(
          "on_error", flow.on_error,
          {{"dead_letter", OnError::DeadLetter}, {"keep", OnError::Keep}, {"drop", OnError::Drop}},
          "What becomes of a record that cannot be decoded or transformed: its message "
          "is kept among the dead letters, or it goes on as it came with `_error`, or "
          "it is counted and gone."),
      steps(
          "transforms", [&flow] { return step_fields(flow.transforms.emplace_back()); },
          "Steps that every record goes through, one after the other."),
      section("buffer",
              {size("max_size", flow.max_size, {kMiB, 16 * kTiB},
                    "Bytes of stored blocks at which the flow is full."),
               duration("max_age", flow.max_age, std::chrono::minutes(1),
                        std::chrono::hours(24 * 3'650),
                        "How long a block may wait for its sinks before it is dropped.")
                   .or_off(),
               choice<WhenFull>("when_full", flow.when_full,
                                {{"block", WhenFull::Block},
                                 {"drop_oldest", WhenFull::DropOldest},
                                 {"drop_newest", WhenFull::DropNewest}},
                                "What happens when there is no room: the sources are held back, or "
                                "blocks are dropped."),
               choice<Priority>(
                   "priority", flow.priority,
                   {{"low", Priority::Low}, {"normal", Priority::Normal}, {"high", Priority::High}},
                   "Which flow is stored first when the file or the disk is full.")},
              "The flow's part of the buffer."),
      text_list("to", flow.to, "Names of the sinks.").require(),
  };
  const auto shape = std::ranges::find(fields, "shape", &Field::name);
  std::vector<Field> decoding = decoder_fields(flow.decode);
  fields.insert(shape, std::make_move_iterator(decoding.begin()),
                std::make_move_iterator(decoding.end()));
  return fields;
}

}  // namespace sluice::configuration
