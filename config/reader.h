// Walks the file along the fields and fills in what they refer to.
#pragma once

#include "config/document.h"
#include "config/field.h"
#include "config/findings.h"
#include "config/place.h"

#include <map>
#include <string>
#include <vector>

namespace sluice::configuration {

// Where things stand in the file, by path: a value ("flows.telemetry.to", "flows.telemetry.to[0]")
// or the name of an entry ("flows.telemetry"). What the file does not say is not in it.
using Places = std::map<std::string, Place, std::less<>>;

// Shown instead of a secret. Without quotes it would be an alias.
constexpr const char* kMasked = "\"******\"";

// What the file says, by the same paths.
struct Reading {
  Places places;
  std::map<std::string, std::string> values;              // as YAML, references replaced; secrets
                                                          // are masked
  std::map<std::string, std::vector<std::string>> names;  // of entries, in the order of the file
};

// Reads everything there is; what is wrong becomes a finding and leaves its target as it was.
Reading read_fields(const Document& document, const std::vector<Field>& fields, Findings& findings);

}  // namespace sluice::configuration
