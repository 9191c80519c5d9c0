// The files of a configuration, as one tree.
#pragma once

#include "config/config.h"
#include "config/document.h"
#include "config/findings.h"

#include <deque>
#include <string>

namespace sluice::configuration {

struct Composition {
  std::deque<Document> parts;  // hold nodes that the whole refers to
  Document whole;              // without a root if a file could not be read; `findings` say why
};

// Reads the files, those they include, and the one of the environment, and merges them.
Composition compose(const ConfigFiles& files, Findings& findings);

// The same for a text that stands in for the file `name`.
Composition compose_text(const std::string& text, const std::string& name, Findings& findings);

}  // namespace sluice::configuration
