// Steps that look at a record as a whole: validate, split, stamp.
#pragma once

#include "transforms/step.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

enum class JsonType : std::uint8_t { Text, Number, Integer, Bool, Object, Array };
// As it is written in a configuration: text, number, integer, bool, object, array.
std::optional<JsonType> json_type(std::string_view name);

// What a field must be. All but `required` is asked only of a field that is there and not null.
// A violation is named by a word and the field: missing, type, range, enum, pattern or unit, as in
// "range:temperature".
struct FieldRule {
  std::string field;
  bool required = false;
  std::optional<JsonType> type{};
  std::optional<double> min{};  // a value that is no number violates the range
  std::optional<double> max{};
  std::vector<std::string> one_of{};  // as texts: 1 is the number 1 and the text "1"
  std::string pattern{};              // found somewhere in the text; empty: none
  std::string unit{};                 // what the field `unit_field` must say; empty: none
  std::string unit_field = "unit";
};

// DeadLetter: the record fails, and the first violation is the reason. Tag: all violations become
// an array in the field `tag`. Reject: a pattern is wrong, or there is no rule.
struct ValidateOptions {
  enum class OnFail : std::uint8_t { DeadLetter, Tag, Drop };
  std::vector<FieldRule> fields;
  OnFail on_fail = OnFail::DeadLetter;
  std::string tag = "_invalid";
};
Result<std::unique_ptr<Step>> make_validate(const ValidateOptions& options);

// One record for each item of the array, or member of the object, in the field `each`: the item is
// in its place, and the name of a member in the field `<each>_key`. All other fields stay. An empty
// array or object gives no record: then the record is filtered. A record without the field, or in
// which it is something else, passes untouched. One with more than kMostParts fails
// (`too_many_parts`).
inline constexpr std::size_t kMostParts = 10'000;
std::unique_ptr<Step> make_split(const std::string& each);

// Adds where a record comes from: a field with an object of these (name, text), which takes the
// place of one that is there.
struct StampOptions {
  std::string field = "lineage";
  std::vector<std::pair<std::string, std::string>> facts;
};
std::unique_ptr<Step> make_stamp(const StampOptions& options);

}  // namespace sluice
