// The configuration language described for editors and for people, from the fields that parse it.
#pragma once

#include <string>

namespace sluice {

// A JSON Schema (draft 2020-12) of the configuration file. It knows keys, types, ranges and words;
// what only the agent can judge (references, topic filters, certificates) it lets pass.
std::string config_schema();

// The reference of all keys, in Markdown: docs/configuration.md.
std::string config_reference();

}  // namespace sluice
