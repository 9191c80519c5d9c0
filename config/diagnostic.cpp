#include "config/diagnostic.h"

#include "core/json_text.h"
#include "core/utf8.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

std::string caret_line(const Diagnostic& diagnostic) {
  std::string padding;
  for (const char c : diagnostic.source_line) {
    if (continues_character(c)) {
      continue;
    }
    if (padding.size() + 1 >= static_cast<std::size_t>(diagnostic.column)) {
      break;
    }
    padding += c == '\t' ? '\t' : ' ';  // so that it is as wide as the line above it
  }
  padding.resize(static_cast<std::size_t>(std::max(diagnostic.column, 1)) - 1, ' ');
  return padding + '^';
}

}  // namespace

std::string to_text(const Diagnostic& diagnostic) {
  std::string text = diagnostic.file;
  if (diagnostic.line > 0) {
    text += ':' + std::to_string(diagnostic.line) + ':' + std::to_string(diagnostic.column);
  }
  text += diagnostic.severity == Severity::Error ? ": error: " : ": warning: ";
  if (!diagnostic.path.empty()) {
    text += diagnostic.path + ": ";
  }
  text += diagnostic.message + '\n';
  if (!diagnostic.source_line.empty()) {
    text += diagnostic.source_line + '\n' + caret_line(diagnostic) + '\n';
  }
  return text;
}

std::string to_json(const std::vector<Diagnostic>& diagnostics) {
  std::string json = "[";
  const char* comma = "\n  ";
  for (const Diagnostic& each : diagnostics) {
    json += std::exchange(comma, ",\n  ");
    json += R"({"severity": )" + quoted(each.severity == Severity::Error ? "error" : "warning") +
            R"(, "file": )" + quoted(each.file) + R"(, "line": )" + std::to_string(each.line) +
            R"(, "column": )" + std::to_string(each.column) + R"(, "path": )" + quoted(each.path) +
            R"(, "message": )" + quoted(each.message) + R"(, "source_line": )" +
            quoted(each.source_line) + '}';
  }
  return json + (diagnostics.empty() ? "]\n" : "\n]\n");
}

}  // namespace sluice
