#include "config/config.h"

#include "config/checks.h"
#include "config/composition.h"
#include "config/effective.h"
#include "config/fields.h"
#include "config/findings.h"
#include "config/reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sluice {

namespace {

struct Read {
  LoadedConfig loaded;
  std::optional<std::string> effective;  // nothing if the files are not even YAML
};

Read read(const configuration::Document& document, configuration::Findings findings) {
  Read result;
  LoadedConfig& loaded = result.loaded;
  if (document.root != nullptr) {
    Config& config = loaded.config;
    const configuration::Reading reading =
        configuration::read_fields(document, configuration::config_fields(config), findings);
    configuration::complete(config, reading, findings);
    configuration::check_admin(config.admin, reading.places, findings);
    configuration::check_sources(config, reading.places, findings);
    configuration::check_flows(config, reading.places, findings);
    configuration::check_sinks(config, reading.places, findings);
    configuration::check_tests(config, reading.places, findings);
    result.effective = configuration::effective_yaml(reading);
  }
  loaded.diagnostics = std::move(findings).in_order();
  return result;
}

Read read(const ConfigFiles& files) {
  configuration::Findings findings;
  const configuration::Composition composition = configuration::compose(files, findings);
  return read(composition.whole, std::move(findings));
}

}  // namespace

bool LoadedConfig::ok() const {
  return std::ranges::none_of(
      diagnostics, [](const Diagnostic& each) { return each.severity == Severity::Error; });
}

LoadedConfig load_config(const ConfigFiles& files) {
  return read(files).loaded;
}

LoadedConfig parse_config(const std::string& text, const std::string& name) {
  configuration::Findings findings;
  const configuration::Composition composition = configuration::compose_text(text, name, findings);
  return read(composition.whole, std::move(findings)).loaded;
}

Result<std::string> effective_config(const ConfigFiles& files) {
  Read result = read(files);
  if (!result.effective) {
    return Error{Reaction::Reject, to_text(result.loaded.diagnostics.front())};
  }
  return *std::move(result.effective);
}

}  // namespace sluice
