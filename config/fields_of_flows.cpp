#include "config/fields.h"
#include "config/topic_filter.h"

#include <algorithm>
#include <iterator>

namespace sluice::configuration {

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
      unsupported("types", {}, "Types of fields."),
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
