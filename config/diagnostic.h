// One thing that is wrong with a configuration file.
#pragma once

#include <string>
#include <vector>

namespace sluice {

enum class Severity { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string file;
  int line = 0;      // from 1; 0 if the problem has no place
  int column = 0;    // from 1
  std::string path;  // e.g. "flows.telemetry.buffer.max_size"; empty if the YAML itself is broken
  std::string message;  // what is wrong and what to do
  std::string source_line;
};

// "file:line:column: error: path: message", then the source line and a caret.
std::string to_text(const Diagnostic& diagnostic);

// A JSON list of objects with the names of the members above, one a line.
std::string to_json(const std::vector<Diagnostic>& diagnostics);

}  // namespace sluice
