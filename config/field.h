// One option of the configuration file, as a value: what it is called, what may be written there,
// and where it goes. The parser, and whatever describes the file to people and editors, work from
// the same fields.
#pragma once

#include "core/result.h"
#include "net/url.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::configuration {

enum class FieldKind {
  Text,
  Secret,  // text that must not be shown, and should come from ${…}
  Url,
  Boolean,
  Integer,
  Number,  // with a fraction
  Duration,
  Size,
  Choice,       // one of a few words
  TextList,     // [a, b]; with `words`, each is a URL
  TextMap,      // {name: text}
  Section,      // fields below it
  Named,        // entries with names that the user chooses, each with fields of its own
  Items,        // a list of sections
  Data,         // anything, taken as JSON
  Steps,        // a list of maps with one key each, which is one of the fields of the entry
  Unsupported,  // belongs to the language, not to this version of the agent
};

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Integer, Duration (milliseconds), Size (bytes) and Choice (position) are numbers.
using FieldValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>,
                                Pairs, Url, std::vector<Url>>;

// Inclusive, in the unit of the kind: milliseconds, bytes.
struct Range {
  std::int64_t min = std::numeric_limits<std::int64_t>::min();
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

// Rejects with the second half of a sentence that begins with the value. Never repeats the value.
using TextCheck = Status (*)(const std::string& text);
using PairCheck = Status (*)(const std::string& key, const std::string& text);
using KeyTest = bool (*)(const std::string& key);

struct Field {
  std::string name;
  FieldKind kind = FieldKind::Unsupported;
  std::string help;           // one sentence
  std::string default_value;  // as one would write it; empty if there is none
  bool required = false;
  std::string unless;              // required: not if this other key is there
  bool may_be_off = false;         // Duration: `off` means 0
  bool selects_section = false;    // Choice: see `alternatives`
  bool may_hold_secrets = false;   // Unsupported, TextMap: be careful with what is in there;
                                   // TextList: every item is a secret
  std::int64_t step = 1;           // Duration: the value must be a multiple of it
  Range range;                     // Integer, Duration, Size
  std::vector<std::string> words;  // Choice: what may be written; Url, and lists
                                   // of them: schemes;
                                   // Unsupported: what is accepted because it changes nothing
  std::vector<Field> fields;       // Section
  std::vector<std::vector<Field>> alternatives;  // Choice that selects the section: the fields
                                                 // there are beside it, for each word
  // Named, Items, Steps: makes a new one. A single field without a name is the entry itself.
  std::function<std::vector<Field>(const std::string& name)> entry;
  TextCheck check_entry = nullptr;  // Named: what an entry may be called; null: check_name()
  std::function<void()> chosen;     // of a step: it is of this kind
  bool many_lines = false;          // Text: may have line breaks
  bool scalar_is_text = false;      // Data: a single value is the text it is
  TextCheck check = nullptr;        // Text, Secret, and every item of a TextList
  PairCheck check_pair = nullptr;   // every pair of a TextMap
  bool exact_names = false;         // TextMap: names that differ in capitals only are different
  KeyTest is_secret_key = nullptr;  // TextMap that may hold secrets: which of its keys are one
  std::function<void(const FieldValue&)> store;

  Field require() &&;
  Field require_unless(std::string other) &&;
  Field or_off() &&;
  Field checked(TextCheck text_check) &&;
  Field shown_as(std::string default_text) &&;  // a default that is made from something else
  Field selecting(std::vector<std::vector<Field>> fields_of_words) &&;
  Field of_lines() &&;
  Field named_by(TextCheck entry_check) &&;
  Field choosing(std::function<void()> then) &&;
};

// Functions that make fields. `target` is where the value goes, and what it holds when the field is
// made is the default; it must outlive the field.

Field text(std::string name, std::string& target, std::string help);
Field secret(std::string name, std::string& target, std::string help);
Field url(std::string name, Url& target, std::vector<std::string> schemes, std::string help);
Field boolean(std::string name, bool& target, std::string help);
Field text_list(std::string name, std::vector<std::string>& target, std::string help);
// `store` is called with at least one.
Field url_list(std::string name, std::function<void(const std::vector<Url>&)> store,
               std::vector<std::string> schemes, std::string help);
Field secret_list(std::string name, std::vector<std::string>& target, std::string help);
Field text_map(std::string name, Pairs& target, PairCheck check, std::string help);
Field section(std::string name, std::vector<Field> fields, std::string help);
Field named(std::string name, std::function<std::vector<Field>(const std::string&)> entry,
            std::string help);
Field items(std::string name, std::function<std::vector<Field>()> entry, std::string help);
// A scalar as the text it is; a list or a section as JSON.
Field payload(std::string name, std::string& target, std::string help);
// As JSON: plain numbers, true, false and null are that, and everything else is a text.
Field data(std::string name, std::string& target, std::string help);
Field steps(std::string name, std::function<std::vector<Field>()> entry, std::string help);
// Finite.
Field number(std::string name, double& target, std::string help);
Field unsupported(std::string name, std::vector<std::string> harmless, std::string help);
Field unsupported_secret(std::string name, std::string help);

// For the templates below.
Field integer_field(std::string name, std::int64_t initial, Range range, std::string help);
Field size_field(std::string name, std::int64_t initial, Range range, std::string help);
Field duration_field(std::string name, std::chrono::milliseconds initial,
                     std::chrono::milliseconds min, std::chrono::milliseconds max,
                     std::string help);
Field choice_field(std::string name, std::size_t initial, std::vector<std::string> words,
                   std::string help);

template <std::integral T>
std::function<void(const FieldValue&)> number_into(T& target) {
  return [&target](const FieldValue& value) {
    target = static_cast<T>(std::get<std::int64_t>(value));
  };
}

template <std::integral T>
Field integer(std::string name, T& target, Range range, std::string help) {
  Field field =
      integer_field(std::move(name), static_cast<std::int64_t>(target), range, std::move(help));
  field.store = number_into(target);
  return field;
}

template <std::integral T>
Field size(std::string name, T& target, Range range, std::string help) {
  Field field =
      size_field(std::move(name), static_cast<std::int64_t>(target), range, std::move(help));
  field.store = number_into(target);
  return field;
}

// D is milliseconds or seconds; a value that D cannot hold exactly is refused.
template <class D>
Field duration(std::string name, D& target, std::chrono::milliseconds min,
               std::chrono::milliseconds max, std::string help) {
  Field field = duration_field(std::move(name), target, min, max, std::move(help));
  field.step = std::chrono::milliseconds(D(1)).count();
  field.store = [&target](const FieldValue& value) {
    target =
        std::chrono::duration_cast<D>(std::chrono::milliseconds(std::get<std::int64_t>(value)));
  };
  return field;
}

template <class T>
Field choice(std::string name, T& target, const std::vector<std::pair<std::string, T>>& options,
             std::string help) {
  std::vector<std::string> words;
  std::vector<T> values;
  std::size_t initial = options.size();
  for (const auto& [word, value] : options) {
    initial = value == target ? words.size() : initial;
    words.push_back(word);
    values.push_back(value);
  }
  Field field = choice_field(std::move(name), initial, std::move(words), std::move(help));
  field.store = [&target, values](const FieldValue& value) {
    target = values.at(static_cast<std::size_t>(std::get<std::int64_t>(value)));
  };
  return field;
}

}  // namespace sluice::configuration
