// Short ways to ask what the loader makes of a text.
#pragma once

#include "config/config.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace sluice::testing_support {

inline LoadedConfig load(const std::string& text) {
  return parse_config(text, "test.yaml");
}

// "7:3 error sources.plant.qos" for each, in order.
inline std::vector<std::string> findings(const std::string& text) {
  std::vector<std::string> lines;
  for (const Diagnostic& each : load(text).diagnostics) {
    lines.push_back(std::to_string(each.line) + ':' + std::to_string(each.column) +
                    (each.severity == Severity::Error ? " error " : " warning ") + each.path);
  }
  return lines;
}

inline std::string report(const LoadedConfig& loaded) {
  std::string text;
  for (const Diagnostic& each : loaded.diagnostics) {
    text += to_text(each);
  }
  return text;
}

inline std::string report(const std::string& text) {
  return report(load(text));
}

// Parts of a configuration that is valid with exactly these lines. Each ends where more keys of its
// last entry may follow.
inline const std::string kSource =  // 4 lines
    "sources:\n"
    "  plant:\n"
    "    url: mqtt://localhost\n"
    "    topics: [a/#]\n";
inline const std::string kFlow =  // 4 lines
    "flows:\n"
    "  all:\n"
    "    from: [plant]\n"
    "    to: [cloud]\n";
inline const std::string kSink =  // 3 lines
    "sinks:\n"
    "  cloud:\n"
    "    url: http://localhost\n";

// One more line somewhere, in line 1, 5 or 4, at the end of the entry.
inline std::string with_top(const std::string& lines) {
  return lines + "\n" + kSource + kFlow + kSink;
}
inline std::string with_source(const std::string& line) {
  return kSource + "    " + line + "\n" + kFlow + kSink;
}
inline std::string with_flow(const std::string& line) {
  return kFlow + "    " + line + "\n" + kSource + kSink;
}
inline std::string with_sink(const std::string& line) {
  return kSink + "    " + line + "\n" + kSource + kFlow;
}

// For the time of a test.
class EnvironmentVariable {
 public:
  // Tests of one executable run one after the other, so nobody reads meanwhile.
  EnvironmentVariable(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe)
  }
  ~EnvironmentVariable() { unsetenv(name_.c_str()); }  // NOLINT(concurrency-mt-unsafe)
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  std::string name_;
};

}  // namespace sluice::testing_support
