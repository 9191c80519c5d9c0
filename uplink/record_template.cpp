#include "uplink/record_template.h"

#include <algorithm>
#include <utility>

namespace sluice {

Result<RecordTemplate> RecordTemplate::make(std::string_view text) {
  const auto wrong = [](std::string why) { return Error{Reaction::Reject, std::move(why)}; };
  RecordTemplate made;
  while (!text.empty()) {
    const std::size_t open = text.find_first_of("{}");
    if (open != 0) {
      made.parts_.push_back({Kind::Literal, std::string(text.substr(0, open))});
    }
    if (open == std::string_view::npos) {
      return made;
    }
    const std::size_t close = text.find('}', open);
    if (text[open] == '}' || close == std::string_view::npos) {
      return wrong("has a brace without its partner");
    }
    const std::string_view name = text.substr(open + 1, close - open - 1);
    if (name == "agent") {
      made.parts_.push_back({Kind::Agent, {}});
    } else if (name == "flow") {
      made.parts_.push_back({Kind::Flow, {}});
    } else if (name == "topic") {
      made.parts_.push_back({Kind::Topic, {}});
    } else {
      return wrong("holds a name that means nothing here: use {agent}, {flow} and {topic}");
    }
    text.remove_prefix(close + 1);
  }
  return made;
}

void RecordTemplate::expand(const TemplateValues& values, std::string& out) const {
  out.clear();
  for (const Part& part : parts_) {
    switch (part.kind) {
      case Kind::Literal:
        out += part.text;
        break;
      case Kind::Agent:
        out += values.agent;
        break;
      case Kind::Flow:
        out += values.flow;
        break;
      case Kind::Topic:
        out += values.topic;
        break;
    }
  }
}

bool RecordTemplate::uses_topic() const {
  return std::ranges::any_of(parts_, [](const Part& part) { return part.kind == Kind::Topic; });
}

std::string RecordTemplate::literals() const {
  std::string text;
  for (const Part& part : parts_) {
    text += part.text;
  }
  return text;
}

}  // namespace sluice
