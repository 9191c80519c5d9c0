// Texts that differ from record to record: names of topics, keys of messages.
#pragma once

#include "core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// What may stand in the place of {agent}, {flow} and {topic}. Views: valid during the call.
struct TemplateValues {
  std::string_view agent;
  std::string_view flow;
  std::string_view topic;  // of the record; empty if it has none
};

// Immutable: any thread.
class RecordTemplate {
 public:
  // Rejects unknown names and braces that do not match, with the second half of a sentence that
  // begins with the text.
  static Result<RecordTemplate> make(std::string_view text);

  // Replaces the content of `out`, whose memory is used again.
  void expand(const TemplateValues& values, std::string& out) const;

  [[nodiscard]] bool empty() const { return parts_.empty(); }
  [[nodiscard]] bool uses_topic() const;
  // What stands outside of the braces, in one piece: for checks of what it may hold.
  [[nodiscard]] std::string literals() const;

 private:
  enum class Kind { Literal, Agent, Flow, Topic };
  struct Part {
    Kind kind;
    std::string text;  // of a literal
  };
  std::vector<Part> parts_;
};

}  // namespace sluice
