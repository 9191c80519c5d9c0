#include "tools/answer_reader.h"

#include "admin/target.h"
#include "core/clock.h"
#include "tools/text.h"

namespace sluice {

std::uint64_t number_of(const AnswerElement& object, const char* name) {
  std::uint64_t number = 0;
  return object[name].get(number) == simdjson::SUCCESS ? number : 0;
}

std::string text_of(const AnswerElement& object, const char* name) {
  std::string_view text;
  return object[name].get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

std::string time_of(const AnswerElement& object, const char* name) {
  std::int64_t milliseconds = 0;
  return object[name].get(milliseconds) == simdjson::SUCCESS
             ? time_text(Timestamp(std::chrono::milliseconds(milliseconds)))
             : "-";
}

Error not_understood() {
  return {Reaction::Fatal, "the agent's answer is not understood: is it of another version?"};
}

Query& Query::add(const char* name, const std::string& value) {
  if (!value.empty()) {
    text_ += text_.empty() ? '?' : '&';
    text_ += name;
    text_ += '=' + percent_encoded(value);
  }
  return *this;
}

}  // namespace sluice
