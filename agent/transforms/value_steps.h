// Steps that change the values of single fields.
#pragma once

#include "transforms/step.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// value * factor + offset, rounded to so many digits behind the point. A field that is missing or
// not a number stays as it is.
struct Scaling {
  std::string field;
  double factor = 1;
  double offset = 0;
  std::optional<int> round{};
};
std::unique_ptr<Step> make_scale(const std::vector<Scaling>& fields);

// Replaces values by others. What is compared is the text of a string and the JSON text of anything
// else: `0` is the number 0 and the text "0".
struct Mapping {
  std::string field;
  // A value that reads as a JSON number, true, false or null becomes that; any other a text.
  std::vector<std::pair<std::string, std::string>> values;
  std::optional<std::string> otherwise{};  // nothing: a value that is not listed stays
};
std::unique_ptr<Step> make_map(const std::vector<Mapping>& fields);

}  // namespace sluice
