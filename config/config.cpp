#include "config/config.h"

#include "config/checks.h"
#include "config/document.h"
#include "config/effective.h"
#include "config/fields.h"
#include "config/findings.h"
#include "config/reader.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <system_error>

namespace sluice {

namespace {

constexpr std::size_t kLargestFile = 1024UL * 1024;

LoadedConfig refused(const std::string& name, const std::string& why) {
  Diagnostic diagnostic;
  diagnostic.file = name;
  diagnostic.message = why;
  LoadedConfig loaded;
  loaded.diagnostics.push_back(diagnostic);
  return loaded;
}

std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

}  // namespace

bool LoadedConfig::ok() const {
  return std::ranges::none_of(
      diagnostics, [](const Diagnostic& each) { return each.severity == Severity::Error; });
}

namespace {

// What is in the file, or why it cannot be read.
Result<std::string> content_of(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  std::array<char, 16UL * 1024> part{};
  while (file && text.size() <= kLargestFile) {
    file.read(part.data(), part.size());
    text.append(part.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.eof() && !file.good()) {
    return Error{Reaction::Reject,
                 "cannot read the file: " + std::generic_category().message(errno)};
  }
  return text;
}

struct Parsed {
  LoadedConfig loaded;
  std::string effective;  // empty if the text is not even YAML
};

Parsed parse(const std::string& text, const std::string& name) {
  if (text.size() > kLargestFile) {
    return {refused(name, "the file is larger than 1MiB, which no configuration is"), {}};
  }
  const std::string_view yaml = without_byte_order_mark(text);
  configuration::Findings findings(yaml);
  Parsed parsed;
  LoadedConfig& loaded = parsed.loaded;
  const configuration::Document document = configuration::parse_document(yaml, findings);
  if (document.root != nullptr) {
    Config& config = loaded.config;
    const configuration::Reading reading =
        configuration::read_fields(document, configuration::config_fields(config), findings);
    configuration::complete(config, reading.places, findings);
    configuration::check_admin(config.admin, reading.places, findings);
    configuration::check_sources(config, reading.places, findings);
    configuration::check_flows(config, reading.places, findings);
    configuration::check_sinks(config, reading.places, findings);
    parsed.effective = configuration::effective_yaml(reading);
  }
  loaded.diagnostics = std::move(findings).in_order(name);
  return parsed;
}

}  // namespace

LoadedConfig load_config(const std::string& path) {
  const Result<std::string> text = content_of(path);
  return text ? parse_config(*text, path) : refused(path, text.error().message);
}

LoadedConfig parse_config(const std::string& text, const std::string& name) {
  return parse(text, name).loaded;
}

Result<std::string> effective_config(const std::string& path) {
  const Result<std::string> text = content_of(path);
  if (!text) {
    return Error{Reaction::Reject, path + ": " + text.error().message};
  }
  return parse(*text, path).effective;
}

}  // namespace sluice
