// Steps that change which fields a record has, and what they are called.
#pragma once

#include "transforms/step.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

// Removes these fields; keeps only these. A record without them is none the worse.
std::unique_ptr<Step> make_drop(const std::vector<std::string>& fields);
std::unique_ptr<Step> make_keep(const std::vector<std::string>& fields);

// (old name, new name). A field that has the new name already is replaced.
std::unique_ptr<Step> make_rename(const std::vector<std::pair<std::string, std::string>>& names);

// Members of members become fields: {"a": {"b": 1}} with separator "_" becomes {"a_b": 1}. Arrays
// stay. Down to `depth` levels.
struct FlattenOptions {
  std::string separator = "_";
  int depth = 8;
};
std::unique_ptr<Step> make_flatten(const FlattenOptions& options);

// Names parts of the topic: "sensors/{device}/{_}" gives the field `device` the second level. `{_}`
// and `+` stand for a level that is not wanted, a last `#` for any rest, everything else for
// itself. A topic that does not follow the pattern leaves the record as it is. Reject: it is not a
// pattern.
Result<std::unique_ptr<Step>> make_topic_tags(const std::string& pattern);

}  // namespace sluice
