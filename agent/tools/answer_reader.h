// Reads the agent's answers, and writes its questions. Private to tools/.
#pragma once

#include "admin/client.h"
#include "core/result.h"

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

using AnswerElement = simdjson::dom::element;

// What is not there is 0, empty, or "-".
std::uint64_t number_of(const AnswerElement& object, const char* name);
std::string text_of(const AnswerElement& object, const char* name);
std::string time_of(const AnswerElement& object, const char* name);

template <class Visit>
void for_each(const AnswerElement& object, const char* name, Visit visit) {
  simdjson::dom::array items;
  if (object[name].get(items) == simdjson::SUCCESS) {
    for (const AnswerElement item : items) {
      visit(item);
    }
  }
}

Error not_understood();

// The lines of an answer, however it is cut.
template <class Take>
AdminReceiver by_line(Take take) {
  return [take, rest = std::string()](std::string_view piece) mutable -> Status {
    rest += piece;
    std::size_t begin = 0;
    for (std::size_t end = rest.find('\n'); end != std::string::npos;
         end = rest.find('\n', begin)) {
      if (Status taken = take(std::string_view(rest).substr(begin, end - begin)); !taken) {
        return taken;
      }
      begin = end + 1;
    }
    rest.erase(0, begin);
    return {};
  };
}

// "?a=1&b=2" of those that have a value.
class Query {
 public:
  Query& add(const char* name, const std::string& value);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace sluice
