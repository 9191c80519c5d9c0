// Keeps what the file tells of secrets out of the diagnostics.
#pragma once

#include "config/document.h"
#include "config/findings.h"

#include <set>

namespace sluice::configuration {

// One thread at a time.
class Censor {
 public:
  explicit Censor(Findings& findings) : findings_(findings) {}

  // Hides every value in `node` that stands in the file as plain text.
  void hide(const YamlNode& node);

  // Hides the password in a URL: scheme://user:password@host. True if there is one in plain text.
  bool hide_url_password(const YamlNode& node);

 private:
  Findings& findings_;
  std::set<const YamlNode*> hidden_;  // by aliases one node can be met any number of times
};

}  // namespace sluice::configuration
