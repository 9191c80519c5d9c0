#include "commands/repeat_filter.h"

#include <utility>

namespace sluice {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Numbers are facts that change from line to line: sequences, attempts, waits.
std::string kind_of(int level, std::string_view text) {
  std::string kind = std::to_string(level) + ' ';
  bool in_number = false;
  for (const char c : text) {
    if (!is_digit(c)) {
      kind.push_back(c);
    } else if (!in_number) {
      kind.push_back('0');
    }
    in_number = is_digit(c);
  }
  return kind;
}

}  // namespace

bool RepeatFilter::admit(int level, std::string_view text) {
  std::string name = kind_of(level, text);
  auto found = kinds_.find(name);
  if (found == kinds_.end()) {
    if (kinds_.size() >= kMostKinds) {
      return true;
    }
    found = kinds_
                .emplace(std::move(name), Kind{.level = level,
                                               .begun = clock_.elapsed(),
                                               .written = 0,
                                               .held_back = 0,
                                               .last = {}})
                .first;
  }
  Kind& kind = found->second;
  if (kind.held_back == 0 && clock_.elapsed() - kind.begun >= kWindow) {
    kind.begun = clock_.elapsed();
    kind.written = 0;
  }
  if (kind.written < kWritten) {
    ++kind.written;
    return true;
  }
  ++kind.held_back;
  kind.last = text;
  return false;
}

std::vector<RepeatFilter::Repeated> RepeatFilter::due(bool all) {
  std::vector<Repeated> repeated;
  const Instant now = clock_.elapsed();
  for (auto each = kinds_.begin(); each != kinds_.end();) {
    Kind& kind = each->second;
    if (now - kind.begun < kWindow && !all) {
      ++each;
      continue;
    }
    if (kind.held_back == 0) {
      each = kinds_.erase(each);
      continue;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - kind.begun).count();
    repeated.push_back({.level = kind.level,
                        .text = std::exchange(kind.last, {}) + " (repeated " +
                                std::to_string(std::exchange(kind.held_back, 0)) + " times in " +
                                std::to_string(seconds) + " s)"});
    kind.begun = now;  // as long as it goes on, one line a minute is enough
    ++each;
  }
  return repeated;
}

}  // namespace sluice
