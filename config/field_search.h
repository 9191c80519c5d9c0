// Finding a field by what somebody wrote.
#pragma once

#include "config/field.h"

#include <string>
#include <vector>

namespace sluice::configuration {

// A secret, or a section with secrets in it: what stands there instead may be one.
bool holds_secret(const Field& field);

const Field* find_field(const std::vector<Field>& fields, const std::string& name);  // or null

// The field that an entry consists of; null if the entry is a section with fields.
inline const Field* whole_entry(const std::vector<Field>& fields) {
  return fields.size() == 1 && fields.front().name.empty() ? &fields.front() : nullptr;
}

// The fields of a section: with those that its selector brings when it has the value `word`.
std::vector<Field> with_alternative(std::vector<Field> fields, const std::string& word);

struct Suggestion {
  std::string words;             // go behind "unknown key"
  const Field* field = nullptr;  // that was meant, if one can tell
};

// For a key that is none of the fields: it belongs one level deeper, or to another kind of section,
// or is spelled almost like one that exists; or else the names of those.
Suggestion suggestion(const std::string& key, const std::vector<Field>& fields);

// The names of the fields that this version has, for a message.
std::string known_keys(const std::vector<Field>& fields);

}  // namespace sluice::configuration
