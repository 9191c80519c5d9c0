// Reads single values of the file.
#pragma once

#include "config/document.h"
#include "config/field.h"
#include "config/findings.h"
#include "config/place.h"
#include "config/secrets.h"

#include <optional>
#include <string>

namespace sluice::configuration {

// What is wrong becomes a finding; what must not be shown is hidden from all findings. One thread
// at a time.
class ValueReader {
 public:
  // `findings` outlives the reader.
  explicit ValueReader(Findings& findings) : findings_(findings), censor_(findings) {}

  // With references replaced, converted and checked; nothing if it is wrong. `key` is where its key
  // stands.
  std::optional<FieldValue> value_of(const Field& field, const YamlNode& node, Place key,
                                     const std::string& path);

  // Hides every value in `node`.
  void hide(const YamlNode& node) { censor_.hide(node); }

  // What a message about the value may call it: what came from outside the file is not shown.
  static std::string subject(const Field& field, const YamlNode& content, bool has_references);

 private:
  void guard_secret(const Field& field, const YamlNode& node, const std::string& path);

  Findings& findings_;
  Censor censor_;
};

}  // namespace sluice::configuration
