// Several trees become one.
#pragma once

#include "config/document.h"
#include "config/findings.h"

#include <cstddef>
#include <set>
#include <string>
#include <vector>

namespace sluice::configuration {

// One thread at a time.
class TreeMerger {
 public:
  // New nodes go into `made`, which must outlive the result, as must the trees that are merged.
  TreeMerger(Document& made, Findings& findings) : made_(made), findings_(findings) {}

  // `above` wins: maps are merged key by key, everything else is replaced.
  const YamlNode& overlay(const YamlNode& below, const YamlNode& above);

  // Two roots that complete each other: of a section, each may say what the other does not. What
  // both define is an error.
  const YamlNode& unite(const YamlNode& first, const YamlNode& second);

  // The map without this key.
  const YamlNode& without(const YamlNode& map, const std::string& key);

  // The keys and values of a map, << and all.
  std::vector<YamlNode::Entry> entries(const YamlNode& map, const std::string& path);

  // There was more than anybody writes, perhaps by aliases: the result is not complete.
  [[nodiscard]] bool exhausted() const { return budget_ == 0; }

 private:
  const YamlNode& overlay(const YamlNode& below, const YamlNode& above, const std::string& path,
                          int depth);
  const YamlNode& unite(const YamlNode& first, const YamlNode& second, const std::string& path,
                        bool is_root);
  const YamlNode& unite_entry(const YamlNode::Entry& first, const YamlNode::Entry& second,
                              const std::string& path, bool is_root);
  YamlNode& make(YamlNode::Kind kind, const YamlNode& like);

  Document& made_;
  Findings& findings_;
  std::set<const YamlNode*> flat_;  // made here: nothing is repeated in them, and no << is left
  std::size_t budget_ = 50'000;     // keys that are looked at
};

}  // namespace sluice::configuration
