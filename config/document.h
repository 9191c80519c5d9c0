// The YAML file as a tree that remembers where everything stands.
#pragma once

#include "config/findings.h"
#include "config/place.h"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::configuration {

struct YamlNode {
  struct Entry {
    const YamlNode* key;
    const YamlNode* value;
  };
  enum class Kind { Null, Scalar, List, Map };

  Kind kind = Kind::Null;
  Place place;
  Place end;                           // where the next piece of the file begins
  std::string text;                    // of a scalar, before ${…} is replaced
  bool plain = false;                  // a scalar without quotes: 1 is a number, "1" is not
  std::vector<const YamlNode*> items;  // of a list
  std::vector<Entry> entries;          // of a map, as written: << and repeated keys included
  const YamlNode* target = nullptr;    // of an alias: the node behind its anchor

  [[nodiscard]] const YamlNode& content() const { return target == nullptr ? *this : *target; }
};

// Owns the nodes. An alias may lead back to a node it is part of: whoever walks the tree without
// knowing how deep it may be has to watch for that.
struct Document {
  std::deque<YamlNode> nodes;
  const YamlNode* root = nullptr;  // null if the text could not be read; `findings` say why
};

// Refuses what is not one YAML document of UTF-8 text. `file` is the number of the text in
// `findings`. A file that says nothing has a root without a value.
Document parse_document(std::string_view text, int file, Findings& findings);

}  // namespace sluice::configuration
